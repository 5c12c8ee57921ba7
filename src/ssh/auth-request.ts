/** USERAUTH_REQUEST on the wire: parsed to its end before anybody is asked (CVE-2018-15473). */

import { isUtf8 } from 'node:buffer';
import type { ByteReader } from '../wire/byte-reader.ts';
import { ByteWriter } from '../wire/byte-writer.ts';
import { SshError } from './error.ts';
import { Message } from './message.ts';

/** Longest password in bytes. */
const MAX_PASSWORD_BYTES = 4096;
/** Longest user name in bytes; the identity layer has a narrower rule. */
const MAX_USER_NAME_BYTES = 1024;

const CONNECTION_SERVICE = 'ssh-connection';

export type AuthRequest =
  | { readonly method: 'none' | 'unknown' | 'keyboard-interactive' }
  | PasswordRequest
  | KeyRequest;

export interface PasswordRequest {
  readonly method: 'password';
  /** Undefined when it is not UTF-8: read as text, several passwords would be one. */
  readonly password: string | undefined;
  /** Present when the client asks to change it. */
  readonly change?: { readonly newPassword: string | undefined };
}

export interface KeyRequest {
  readonly method: 'publickey';
  readonly algorithm: string;
  readonly blob: Buffer;
  /** Absent when the client only asks whether the key would do. */
  readonly signed?: SignedPart;
}

export interface SignedPart {
  readonly signature: Buffer;
  /** What was signed, without the session id in front (RFC 4252 section 7). */
  readonly message: Buffer;
}

/**
 * Reads user name and service. A name with a NUL is cut at it by some layers and not by others (CVE-2025-47812).
 * @throws SshError MESSAGE_INVALID, SERVICE_UNKNOWN; WireError
 */
export function readUserName(message: ByteReader): string {
  const userName = message.text();
  if (Buffer.byteLength(userName) > MAX_USER_NAME_BYTES)
    throw new SshError('MESSAGE_INVALID', 'the user name is too long');
  if (/\p{Cc}/u.test(userName))
    throw new SshError('MESSAGE_INVALID', 'the user name holds control characters');
  if (message.ascii() !== CONNECTION_SERVICE)
    throw new SshError('SERVICE_UNKNOWN', 'only ssh-connection is served');
  return userName;
}

/** Reads the method and its fields. @throws SshError MESSAGE_INVALID; WireError */
export function parseAuthRequest(message: ByteReader, userName: string): AuthRequest {
  const method = message.ascii();
  if (method === 'none') return { method };
  if (method === 'password') return parsePassword(message);
  if (method === 'publickey') return parsePublicKeyRequest(message, userName);
  if (method === 'keyboard-interactive') return parseKeyboardInteractive(message);
  return { method: 'unknown' };
}

function parsePassword(message: ByteReader): AuthRequest {
  const isChange = message.boolean();
  const password = readPassword(message);
  if (!isChange) return { method: 'password', password };
  return { method: 'password', password, change: { newPassword: readPassword(message) } };
}

function readPassword(message: ByteReader): string | undefined {
  const bytes = message.string();
  if (bytes.length > MAX_PASSWORD_BYTES) throw new SshError('MESSAGE_INVALID', 'the password is too long');
  return isUtf8(bytes) ? bytes.toString('utf8') : undefined;
}

/** The language and the submethods are hints, and nobody acts on them (RFC 4256 section 3.1). */
function parseKeyboardInteractive(message: ByteReader): AuthRequest {
  message.string();
  message.string();
  return { method: 'keyboard-interactive' };
}

function parsePublicKeyRequest(message: ByteReader, userName: string): AuthRequest {
  const isSigned = message.boolean();
  const algorithm = message.ascii();
  const blob = message.string();
  if (!isSigned) return { method: 'publickey', algorithm, blob };
  const signed = new ByteWriter(1024)
    .uint8(Message.USERAUTH_REQUEST)
    .string(userName)
    .string(CONNECTION_SERVICE)
    .string('publickey')
    .boolean(true)
    .string(algorithm)
    .string(blob)
    .finish();
  return {
    method: 'publickey',
    algorithm,
    blob,
    signed: { signature: message.string(), message: signed },
  };
}
