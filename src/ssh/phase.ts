/** The state machine of a connection as one table: which message may come when. */

import { isKexMessage, Message } from './message.ts';

/**
 * - `kex`: the initial key exchange
 * - `service`: keys are there, no service asked for yet
 * - `auth`: the user is not proven
 * - `open`: the user is authenticated
 */
export type Phase = 'kex' | 'service' | 'auth' | 'open';

/** What is to be done with a message. */
export type Verdict =
  /** Handle it. */
  | 'handle'
  /** Drop it silently. */
  | 'ignore'
  /** Answer UNIMPLEMENTED (RFC 4253 section 11.4). */
  | 'unimplemented'
  /** End the connection. */
  | 'refuse';

const TRANSPORT_NOTES = [Message.IGNORE, Message.UNIMPLEMENTED, Message.DEBUG] as const;

/** Beside DISCONNECT and the key exchange, which follow rules of their own. */
const HANDLED: Readonly<Record<Phase, readonly number[]>> = {
  kex: [],
  service: [Message.SERVICE_REQUEST, Message.EXT_INFO],
  // INFO_RESPONSE ends the connection all the same where nothing was asked. paramiko asks for the service again with every
  // step of a login.
  auth: [Message.SERVICE_REQUEST, Message.USERAUTH_REQUEST, Message.USERAUTH_INFO_RESPONSE],
  open: [
    Message.GLOBAL_REQUEST,
    Message.CHANNEL_OPEN,
    Message.CHANNEL_WINDOW_ADJUST,
    Message.CHANNEL_DATA,
    Message.CHANNEL_EXTENDED_DATA,
    Message.CHANNEL_EOF,
    Message.CHANNEL_CLOSE,
    Message.CHANNEL_REQUEST,
  ],
};

const IGNORED: Readonly<Record<Phase, readonly number[]>> = {
  kex: [],
  // PING before the login made OpenSSH queue answers without bound (CVE-2025-26466).
  service: [Message.PING],
  auth: [Message.PING],
  open: [
    // After success further requests are ignored (RFC 4252 section 5.3), never looked at again.
    Message.USERAUTH_REQUEST,
    // Answers we never asked for; a queue for them deadlocked elsewhere (CVE-2026-39830).
    Message.REQUEST_SUCCESS,
    Message.REQUEST_FAILURE,
    Message.CHANNEL_SUCCESS,
    Message.CHANNEL_FAILURE,
    Message.PING,
  ],
};

/** Numbers that only a server sends, or that belong to a later phase: their arrival is an attack or a bug. */
function isKnownElsewhere(number: number): boolean {
  const belongsToAuth = number >= 50 && number <= 79;
  const belongsToConnection = number >= 80 && number <= 127;
  return number <= 7 || belongsToAuth || belongsToConnection;
}

/** What may be done with message `number` in `phase`. */
export function verdict(
  phase: Phase,
  number: number,
  kex: { readonly isRunning: boolean; readonly isStrict: boolean },
): Verdict {
  if (number === Message.DISCONNECT) return 'handle';
  if (isKexMessage(number)) return 'handle';
  const isNote = TRANSPORT_NOTES.some((note) => note === number);
  if (phase === 'kex') return isNote && !kex.isStrict ? 'ignore' : 'refuse';
  if (isNote) return 'ignore';
  // Between the peer's KEXINIT and NEWKEYS nothing else is legal (RFC 4253 section 7.1); queueing it was a memory attack.
  if (kex.isRunning) return 'refuse';
  if (HANDLED[phase].includes(number)) return 'handle';
  if (IGNORED[phase].includes(number)) return 'ignore';
  return isKnownElsewhere(number) ? 'refuse' : 'unimplemented';
}
