/** What an identity provider is asked: one login attempt, checked, as the event of the Lambda contract. */

import { type Refused, refused } from './refusal.ts';
import { Scrubber } from './scrubber.ts';

/** Longest password in UTF-16 units: the Transfer API's `UserPassword` is 0 to 1,024. */
export const MAX_PASSWORD_CHARACTERS = 1024;

/** What was typed earlier and is shorter is a choice from a list, not a secret. */
const MIN_REMEMBERED_CHARACTERS = 4;

/** The Transfer API's `UserName`. Without the `u` and `i` flags `\w` is ASCII only. */
const USER_NAME = /^[\w][\w@.-]{2,99}$/;

/**
 * Blank, or made of control characters. AWS's own toolkit strips the password before it asks whether there is one, so
 * such a password turns a password login into a key look-up, which answers with a Role and checks nothing.
 */
const BLANK = /^[\s\p{Cc}]*$/u;

export type IdentityProtocol = 'SFTP' | 'FTPS' | 'FTP';

/**
 * One login attempt as a protocol saw it. With neither `password` nor `challengeAnswers` it is a public-key look-up; both
 * together there are not.
 */
export interface LoginAttempt {
  readonly username: string;
  readonly password?: string;
  /**
   * What the user answered to the function's last challenge, one for each prompt; with no `state`, nothing yet: the function
   * begins. Our extension of the contract.
   */
  readonly challengeAnswers?: readonly string[];
  /** The `State` that came with the challenge. */
  readonly state?: string;
  /** Whether the function may answer with a challenge; absent where it may not. Ours too. */
  readonly interactive?: true;
  readonly protocol: IdentityProtocol;
  readonly serverId: string;
  /** As text; an IPv4 client of a dual-stack socket as IPv4, because functions compare addresses as text. */
  readonly sourceIp: string;
}

/** The event of the Lambda contract; the password member is absent on key look-ups and with answers. */
export type IdentityEvent = LoginAttempt;

/**
 * A checked login attempt. Password, answers and state are private: they cannot be printed or serialised by accident, and
 * leave only through `event()`.
 */
export class IdentityRequest {
  readonly username: string;
  readonly protocol: IdentityProtocol;
  readonly serverId: string;
  readonly sourceIp: string;
  /** Whether the provider is asked for keys instead of judging a password. */
  readonly isKeyLookup: boolean;
  /** Whether the user answered a challenge of the function. */
  readonly isChallengeAnswer: boolean;
  /** Whether the function may answer with a challenge. */
  readonly isInteractive: boolean;
  readonly #password: string | undefined;
  readonly #answers: readonly string[] | undefined;
  readonly #state: string | undefined;
  /** What the user typed earlier in the same dialogue. */
  readonly #typedBefore: readonly string[];

  /** Checks the attempt; the only maker of requests. `before`: the last request of the dialogue that this one goes on with. */
  static from(
    attempt: LoginAttempt,
    before?: IdentityRequest,
  ): { readonly outcome: 'ready'; readonly request: IdentityRequest } | Refused {
    if (!USER_NAME.test(attempt.username)) return refused('USER_NAME_INVALID');
    const { password, challengeAnswers } = attempt;
    if (password !== undefined && challengeAnswers !== undefined) return refused('ANSWERS_INVALID');
    const refusal = password === undefined ? checkAnswers(challengeAnswers ?? []) : checkPassword(password);
    return refusal ?? { outcome: 'ready', request: new IdentityRequest(attempt, before) };
  }

  private constructor(attempt: LoginAttempt, before: IdentityRequest | undefined) {
    this.username = attempt.username;
    this.protocol = attempt.protocol;
    this.serverId = attempt.serverId;
    this.sourceIp = attempt.sourceIp;
    this.isChallengeAnswer = attempt.challengeAnswers !== undefined;
    this.isKeyLookup = attempt.password === undefined && !this.isChallengeAnswer;
    this.isInteractive = attempt.interactive === true;
    this.#password = attempt.password;
    this.#answers = attempt.challengeAnswers;
    this.#state = attempt.state;
    this.#typedBefore = before === undefined ? [] : before.#typed().filter(isLong);
    Object.freeze(this);
  }

  /** The event to hand to the function. It holds what the user typed: it is for the wire, never for a log. */
  event(): IdentityEvent {
    return {
      username: this.username,
      ...(this.#password === undefined ? {} : { password: this.#password }),
      ...(this.#answers === undefined ? {} : { challengeAnswers: this.#answers }),
      ...(this.#state === undefined ? {} : { state: this.#state }),
      ...(this.isInteractive ? { interactive: true } : {}),
      protocol: this.protocol,
      serverId: this.serverId,
      sourceIp: this.sourceIp,
    };
  }

  /** Removes what the user typed for this request, and for `others`, from what a function wrote. */
  scrubber(others: readonly IdentityRequest[] = []): Scrubber {
    return new Scrubber([this, ...others].flatMap((request) => request.#secrets()));
  }

  /** State too: a function may keep the password of the first round in it, or know that password by other ways. */
  #secrets(): readonly string[] {
    return [this.#state ?? '', ...this.#typed()];
  }

  #typed(): readonly string[] {
    return [...this.#typedBefore, this.#password ?? '', ...(this.#answers ?? [])];
  }
}

function isLong(text: string): boolean {
  return text.length >= MIN_REMEMBERED_CHARACTERS;
}

/** An empty answer is one: "press Enter". */
function checkAnswers(answers: readonly string[]): Refused | undefined {
  const areFit = answers.every(
    (answer) => answer.length <= MAX_PASSWORD_CHARACTERS && !answer.includes('\0') && answer.isWellFormed(),
  );
  return areFit ? undefined : refused('ANSWERS_INVALID');
}

function checkPassword(password: string): Refused | undefined {
  if (BLANK.test(password)) return refused('PASSWORD_BLANK');
  if (password.length > MAX_PASSWORD_CHARACTERS) return refused('PASSWORD_TOO_LONG');
  // C strings end at NUL: a directory or a PAM module behind the function would compare only what is before it.
  if (password.includes('\0') || !password.isWellFormed()) return refused('PASSWORD_INVALID');
  return undefined;
}
