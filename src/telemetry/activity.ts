/** The activity of users, in the words of Transfer Family's structured log (field names and `activity-type` values). */

import type { Log } from './log.ts';

export type ActivityType =
  | 'CONNECTION_REJECTED'
  | 'KEX_FAILURE'
  | 'AUTH_FAILURE'
  | 'CONNECTED'
  | 'DISCONNECTED'
  | 'OPEN'
  | 'CLOSE'
  | 'PARTIAL_CLOSE'
  | 'DELETE'
  | 'MKDIR'
  | 'RMDIR'
  | 'RENAME'
  | 'SETSTAT'
  | 'CREATE_SYMLINK'
  | 'CREATE_LINK'
  | 'CHECK_FILE'
  | 'ERROR';

/** Fields of an activity; names as in AWS's log where AWS has one. */
export interface ActivityFields {
  readonly user?: string;
  readonly method?: 'password' | 'publickey' | 'keyboard-interactive';
  readonly 'source-ip'?: string;
  readonly role?: string;
  readonly client?: string;
  readonly ciphers?: string;
  readonly kex?: string;
  readonly 'home-dir'?: string;
  readonly 'ssh-public-key-fingerprint'?: string;
  readonly 'ssh-public-key-type'?: string;
  /** Of a user's certificate: what its authority calls it, its number, and the fingerprint of the authority. */
  readonly 'certificate-id'?: string;
  readonly 'certificate-serial'?: string;
  readonly 'certificate-authority'?: string;
  readonly path?: string;
  readonly 'new-path'?: string;
  readonly mode?: string;
  readonly operation?: string;
  readonly algorithm?: string;
  readonly 'bytes-in'?: number;
  readonly 'bytes-out'?: number;
  /** What is left of an upload that was not closed: `kept` or `discarded`. */
  readonly upload?: string;
  /** Stable code of a refusal or an error. */
  readonly code?: string;
  readonly message?: string;
  /** Of a denial by a policy: what was asked, and which policy and statement decided. */
  readonly action?: string;
  readonly resource?: string;
  readonly outcome?: string;
  readonly policy?: string;
  readonly statement?: string;
  /** What an operator can do about it. */
  readonly hint?: string;
  readonly cause?: unknown;
}

const FAILURES: ReadonlySet<ActivityType> = new Set([
  'CONNECTION_REJECTED',
  'KEX_FAILURE',
  'AUTH_FAILURE',
  'PARTIAL_CLOSE',
  'ERROR',
]);

/** Writes activities of one server, or of one session on it. */
export class ActivityLog {
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Adds fields to every activity: the session and who it is. */
  for(
    fields: ActivityFields & { readonly 'session-id'?: string; readonly 'server-id'?: string },
  ): ActivityLog {
    return new ActivityLog(this.#log.child({ ...fields }));
  }

  record(type: ActivityType, fields: ActivityFields = {}): void {
    const line = { 'activity-type': type, ...fields };
    if (FAILURES.has(type)) this.#log.warn(line, type);
    else this.#log.info(line, type);
  }
}
