/** Pauses after failed logins, so that guessing here does not lock the account at the identity provider. */

import { type DenialCode, Denied, IdentityFault } from '../decision.ts';
import type { ProviderRules } from './options.ts';

const MS = 1000;
/** Attempts of one user at the same time, while none has failed: clients open up to ten connections at once. */
const MAX_AT_ONCE = 16;

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
   * what it ends with counts.
   * @throws Denied TOO_MANY_FAILURES, IdentityFault OVERLOADED, without any attempt
   */
  async attempt<Result>(key: string, isPoll: boolean, work: () => Promise<Result>): Promise<Result> {
    const account = isPoll ? this.#recall(key) : this.#admit(key);
    account.inProgressCount += 1;
    try {
      return await work();
    } catch (error) {
      if (error instanceof Denied && COUNTED.has(error.code)) this.#fail(key, account);
      throw error;
    } finally {
      account.inProgressCount -= 1;
      if (account.failureCount === 0 && account.inProgressCount === 0) this.#forget(key, account);
    }
  }

  /** The user is in: what failed before was theirs. */
  succeed(key: string): void {
    const account = this.#accounts.get(key);
    if (account !== undefined) account.failureCount = 0;
    if (account?.inProgressCount === 0) this.#accounts.delete(key);
  }

  #admit(key: string): Account {
    const account = this.#recall(key);
    const { failureCount, inProgressCount } = account;
    if (failureCount === 0 && inProgressCount >= MAX_AT_ONCE)
      throw new IdentityFault('OVERLOADED', `${MAX_AT_ONCE} logins of this user are being judged.`);
    if (failureCount === 0) return account;
    // Attempts at the same time could all fail, and would not see each other's failures.
    const isOnlyOne =
      inProgressCount === 0 && this.#now() >= account.lastFailureMs + this.#pauseMs(failureCount);
    const mayTry =
      failureCount < this.#rules.after ? failureCount + inProgressCount < this.#rules.after : isOnlyOne;
    if (!mayTry) throw new Denied('TOO_MANY_FAILURES', `Failed ${failureCount} times.`);
    return account;
  }

  #recall(key: string): Account {
    const known = this.#accounts.get(key);
    const forgottenFromMs = (known?.lastFailureMs ?? 0) + this.#rules.forgetAfterSeconds * MS;
    if (known !== undefined && (known.inProgressCount > 0 || this.#now() < forgottenFromMs)) return known;
    const account: Account = { failureCount: 0, lastFailureMs: 0, inProgressCount: 0 };
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
