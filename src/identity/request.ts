/** What an identity provider is asked: one login attempt, checked, as the event of the Lambda contract. */

import { type Refused, refused } from './refusal.ts';
import { Scrubber } from './scrubber.ts';

/** Longest password in UTF-16 units: the Transfer API's `UserPassword` is 0 to 1,024. */
export const MAX_PASSWORD_CHARACTERS = 1024;

/** The Transfer API's `UserName`. Without the `u` and `i` flags `\w` is ASCII only. */
const USER_NAME = /^[\w][\w@.-]{2,99}$/;

/**
 * Blank, or made of control characters. AWS's own toolkit strips the password before it asks whether there is one, so
 * such a password turns a password login into a key look-up, which answers with a Role and checks nothing.
 */
const BLANK = /^[\s\p{Cc}]*$/u;

export type IdentityProtocol = 'SFTP' | 'FTPS' | 'FTP';

/** One login attempt as a protocol saw it. Without `password` it is a public-key look-up. */
export interface LoginAttempt {
  readonly username: string;
  readonly password?: string;
  readonly protocol: IdentityProtocol;
  readonly serverId: string;
  /** As text; an IPv4 client of a dual-stack socket as IPv4, because functions compare addresses as text. */
  readonly sourceIp: string;
}

/** The event of the Lambda contract; the password member is absent on key look-ups. */
export type IdentityEvent = LoginAttempt;

/**
 * A checked login attempt. The password is a private field: it cannot be printed or serialised by accident, and leaves
 * only through `event()`.
 */
export class IdentityRequest {
  readonly username: string;
  readonly protocol: IdentityProtocol;
  readonly serverId: string;
  readonly sourceIp: string;
  /** Whether the provider is asked for keys instead of judging a password. */
  readonly isKeyLookup: boolean;
  readonly #password: string | undefined;

  /** Checks the attempt; the only maker of requests. */
  static from(
    attempt: LoginAttempt,
  ): { readonly outcome: 'ready'; readonly request: IdentityRequest } | Refused {
    if (!USER_NAME.test(attempt.username)) return refused('USER_NAME_INVALID');
    const refusal = attempt.password === undefined ? undefined : checkPassword(attempt.password);
    return refusal ?? { outcome: 'ready', request: new IdentityRequest(attempt) };
  }

  private constructor(attempt: LoginAttempt) {
    this.username = attempt.username;
    this.protocol = attempt.protocol;
    this.serverId = attempt.serverId;
    this.sourceIp = attempt.sourceIp;
    this.isKeyLookup = attempt.password === undefined;
    this.#password = attempt.password;
    Object.freeze(this);
  }

  /** The event to hand to the function. It holds the password: it is for the wire, never for a log. */
  event(): IdentityEvent {
    return {
      username: this.username,
      ...(this.#password === undefined ? {} : { password: this.#password }),
      protocol: this.protocol,
      serverId: this.serverId,
      sourceIp: this.sourceIp,
    };
  }

  /** Removes the passwords of this request, and of `others`, from what a function wrote. */
  scrubber(others: readonly IdentityRequest[] = []): Scrubber {
    return new Scrubber([this, ...others].map((request) => request.#password ?? ''));
  }
}

function checkPassword(password: string): Refused | undefined {
  if (BLANK.test(password)) return refused('PASSWORD_BLANK');
  if (password.length > MAX_PASSWORD_CHARACTERS) return refused('PASSWORD_TOO_LONG');
  // C strings end at NUL: a directory or a PAM module behind the function would compare only what is before it.
  if (password.includes('\0') || !password.isWellFormed()) return refused('PASSWORD_INVALID');
  return undefined;
}
