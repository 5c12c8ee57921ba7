/** Pauses after failed logins, so that guessing here does not lock the account at the identity provider. */

import { type DenialCode, Denied, IdentityFault } from '../decision.ts';
import type { ProviderRules } from './options.ts';

const MS = 1000;
/** Logins of one user that wait for earlier ones of the same user; clients open dozens of connections at once. */
const MAX_WAITING = 256;

/**
 * Denials after which the identity provider may have counted a failure, or that come from guessing at names. A rejected or
 * ignored push is one: asking again and again is an attack on the patience of the user.
 */
const COUNTED: ReadonlySet<DenialCode> = new Set([
  'BAD_CREDENTIALS',
  'BAD_CODE',
  'CODE_REPLAYED',
  'MFA_REJECTED',
  'MFA_TIMED_OUT',
  'ACCOUNT_LOCKED',
  'USER_UNKNOWN',
  'IDENTITY_MISMATCH',
]);

interface Account {
  failureCount: number;
  lastFailureMs: number;
  inProgressCount: number;
  /** Told when an attempt has ended. */
  readonly waiting: Set<() => void>;
}

/** Remembers in this process only; a bounded number of users, the one that failed longest ago is forgotten first. */
export class FailureLimiter {
  readonly #rules: ProviderRules['failures'];
  readonly #now: () => number;
  readonly #accounts = new Map<string, Account>();

  /** `now` in milliseconds. */
  constructor(rules: ProviderRules['failures'], now: () => number) {
    this.#rules = rules;
    this.#now = now;
  }

  /**
   * Does an attempt that may count as a failure upstream. A poll of a dialogue is let through, as the attempt that began it was;
   * what it ends with counts. As many attempts as may still fail go on side by side; further ones wait for these, so that a client
   * with many connections is let in and a guesser gains nothing.
   * @throws Denied TOO_MANY_FAILURES, IdentityFault OVERLOADED, UPSTREAM_TIMED_OUT while it waits; all without any attempt
   */
  async attempt<Result>(
    key: string,
    { isPoll, signal }: { readonly isPoll: boolean; readonly signal: AbortSignal },
    work: () => Promise<Result>,
  ): Promise<Result> {
    const account = this.#recall(key);
    // Nothing may come between the look and the step: all who wait are woken at once.
    while (!isPoll && !this.#mayGoOn(account)) await turnOf(account, signal);
    account.inProgressCount += 1;
    try {
      return await work();
    } catch (error) {
      if (error instanceof Denied && COUNTED.has(error.code)) this.#fail(key, account);
      throw error;
    } finally {
      account.inProgressCount -= 1;
      for (const wake of account.waiting) wake();
      if (account.failureCount === 0 && isUnused(account)) this.#forget(key, account);
    }
  }

  /** What failed before counts no longer: the user is in, or is nobody here. */
  forgive(key: string): void {
    const account = this.#accounts.get(key);
    if (account !== undefined) account.failureCount = 0;
    if (account !== undefined && isUnused(account)) this.#accounts.delete(key);
  }

  /** @throws Denied TOO_MANY_FAILURES */
  #mayGoOn({ failureCount, inProgressCount, lastFailureMs }: Account): boolean {
    const { after } = this.#rules;
    // Attempts at the same time could all fail, and would not see each other's failures.
    if (failureCount < after) return failureCount + inProgressCount < after;
    const isPauseOver = this.#now() >= lastFailureMs + this.#pauseMs(failureCount);
    if (!isPauseOver || inProgressCount > 0)
      throw new Denied('TOO_MANY_FAILURES', `Failed ${failureCount} times.`);
    return true;
  }

  #recall(key: string): Account {
    const known = this.#accounts.get(key);
    const forgottenFromMs = (known?.lastFailureMs ?? 0) + this.#rules.forgetAfterSeconds * MS;
    if (known !== undefined && (!isUnused(known) || this.#now() < forgottenFromMs)) return known;
    const account: Account = {
      failureCount: 0,
      lastFailureMs: 0,
      inProgressCount: 0,
      waiting: new Set(),
    };
    this.#accounts.set(key, account);
    this.#makeRoom();
    return account;
  }

  #fail(key: string, account: Account): void {
    account.failureCount += 1;
    account.lastFailureMs = this.#now();
    // Set again, so that the map is in the order of the last failure.
    this.#accounts.delete(key);
    this.#accounts.set(key, account);
  }

  #forget(key: string, account: Account): void {
    if (this.#accounts.get(key) === account) this.#accounts.delete(key);
  }

  #makeRoom(): void {
    for (const key of this.#accounts.keys()) {
      if (this.#accounts.size <= this.#rules.maxUsers) return;
      this.#accounts.delete(key);
    }
  }

  #pauseMs(failureCount: number): number {
    const { after, firstPauseSeconds, longestPauseSeconds } = this.#rules;
    return Math.min(firstPauseSeconds * 2 ** (failureCount - after), longestPauseSeconds) * MS;
  }
}

function isUnused({ inProgressCount, waiting }: Account): boolean {
  return inProgressCount === 0 && waiting.size === 0;
}

/** Resolves when an attempt of the account has ended. @throws IdentityFault OVERLOADED, UPSTREAM_TIMED_OUT */
async function turnOf({ waiting }: Account, signal: AbortSignal): Promise<void> {
  if (waiting.size >= MAX_WAITING)
    throw new IdentityFault('OVERLOADED', `${MAX_WAITING} logins of this user are waiting.`);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const giveUp = () =>
    reject(new IdentityFault('UPSTREAM_TIMED_OUT', 'Earlier logins of this user did not end.'));
  waiting.add(resolve);
  signal.addEventListener('abort', giveUp, { once: true });
  if (signal.aborted) giveUp();
  try {
    await promise;
  } finally {
    waiting.delete(resolve);
    signal.removeEventListener('abort', giveUp);
  }
}
