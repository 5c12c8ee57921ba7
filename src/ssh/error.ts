/** Why an SSH connection ends, as stable codes, each with the disconnect reason the client is told. */

import { WireError } from '../wire/byte-reader.ts';
import { DisconnectReason } from './message.ts';

/** The one table from error code to DISCONNECT reason (RFC 4253 section 11.1). */
const REASONS = {
  IDENT_INVALID: DisconnectReason.PROTOCOL_ERROR,
  PACKET_INVALID: DisconnectReason.PROTOCOL_ERROR,
  MAC_INVALID: DisconnectReason.MAC_ERROR,
  MESSAGE_INVALID: DisconnectReason.PROTOCOL_ERROR,
  MESSAGE_UNEXPECTED: DisconnectReason.PROTOCOL_ERROR,
  KEX_NO_COMMON_ALGORITHM: DisconnectReason.KEY_EXCHANGE_FAILED,
  KEX_FAILED: DisconnectReason.KEY_EXCHANGE_FAILED,
  KEX_TIMEOUT: DisconnectReason.KEY_EXCHANGE_FAILED,
  KEX_BUSY: DisconnectReason.KEY_EXCHANGE_FAILED,
  SERVICE_UNKNOWN: DisconnectReason.SERVICE_NOT_AVAILABLE,
  AUTH_USER_CHANGED: DisconnectReason.PROTOCOL_ERROR,
  /** OpenSSH and AWS answer this one with reason 2, not 14. */
  AUTH_TOO_MANY_FAILURES: DisconnectReason.PROTOCOL_ERROR,
  LOGIN_TIMEOUT: DisconnectReason.BY_APPLICATION,
  IDLE_TIMEOUT: DisconnectReason.BY_APPLICATION,
  CHANNEL_INVALID: DisconnectReason.PROTOCOL_ERROR,
  WINDOW_EXCEEDED: DisconnectReason.PROTOCOL_ERROR,
  PEER_NOT_READING: DisconnectReason.PROTOCOL_ERROR,
  CONNECTION_LOST: DisconnectReason.CONNECTION_LOST,
  CLOSED_BY_CLIENT: DisconnectReason.BY_APPLICATION,
  CLOSED_BY_SERVER: DisconnectReason.BY_APPLICATION,
  TOO_MANY_CONNECTIONS: DisconnectReason.TOO_MANY_CONNECTIONS,
  INTERNAL: DisconnectReason.BY_APPLICATION,
} as const;

export type SshErrorCode = keyof typeof REASONS;

/** Ends the connection it is thrown in, and only that one. The message is sent to the client: it holds no secret. */
export class SshError extends Error {
  override readonly name = 'SshError';
  readonly code: SshErrorCode;

  constructor(code: SshErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  get disconnectReason(): number {
    return REASONS[this.code];
  }
}

/** The connection may also end for reasons that are no SshError: malformed fields, or a mistake of ours. */
export function toSshError(error: unknown): SshError {
  if (error instanceof SshError) return error;
  if (error instanceof WireError) return new SshError('MESSAGE_INVALID', error.message, { cause: error });
  return new SshError('INTERNAL', 'an internal error ended the connection', { cause: error });
}

/** Longest text of a peer that is kept, in characters. */
const MAX_PEER_TEXT = 256;

/** Makes text of the peer fit for a log line: printable ASCII, bounded length. */
export function sanitised(text: string): string {
  return text.slice(0, MAX_PEER_TEXT).replace(/[^\x20-\x7e]/g, '?');
}
