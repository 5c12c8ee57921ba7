/** Okta's rate limits: per minute for the org, per second for a user name, and how many calls at once. */

import { OktaFailure } from './errors.ts';

const MINUTE_MS = 60_000;
const SECOND_MS = 1000;

export interface RateLimitSettings {
  readonly orgPerMinute?: number;
  /** Okta's own is 4. */
  readonly userPerSecond?: number;
  /** Okta's own is 75. */
  readonly concurrent?: number;
}

/** Okta's default for `/api/v1/authn`. */
const DEFAULT_ORG_PER_MINUTE = 600;

export class RateLimits {
  readonly #settings: RateLimitSettings;
  readonly #now: () => number;
  #minute = 0;
  #callCount = 0;
  #openCount = 0;
  readonly #lastCallsMs = new Map<string, number[]>();

  constructor(settings: RateLimitSettings, now: () => number) {
    this.#settings = settings;
    this.#now = now;
  }

  /** Counts a call that begins; `end` has to follow. @throws OktaFailure E0000047 */
  begin(): void {
    this.#openCount += 1;
    const minute = Math.floor(this.#now() / MINUTE_MS);
    if (minute !== this.#minute) this.#callCount = 0;
    this.#minute = minute;
    this.#callCount += 1;
    if (this.#callCount > this.#orgLimit) throw new OktaFailure('E0000047', this.headers());
    // With the concurrency limit the first two headers are 0, and Reset is a suggestion.
    if (this.#openCount > (this.#settings.concurrent ?? Number.POSITIVE_INFINITY))
      throw new OktaFailure('E0000047', { ...this.headers(), ...limits(0, 0) });
  }

  end(): void {
    this.#openCount -= 1;
  }

  /** @throws OktaFailure E0000047; the org's own bucket is not empty then */
  user(name: string): void {
    const { userPerSecond } = this.#settings;
    if (userPerSecond === undefined) return;
    const nowMs = this.#now();
    const recent = (this.#lastCallsMs.get(name) ?? []).filter((atMs) => nowMs - atMs < SECOND_MS);
    this.#lastCallsMs.set(name, [...recent, nowMs]);
    if (recent.length >= userPerSecond) throw new OktaFailure('E0000047', this.headers());
  }

  /** On every reply. */
  headers(): Readonly<Record<string, string>> {
    const remaining = Math.max(0, this.#orgLimit - this.#callCount);
    const resetSeconds = ((this.#minute + 1) * MINUTE_MS) / SECOND_MS;
    return { ...limits(this.#orgLimit, remaining), 'x-rate-limit-reset': String(resetSeconds) };
  }

  get #orgLimit(): number {
    return this.#settings.orgPerMinute ?? DEFAULT_ORG_PER_MINUTE;
  }
}

function limits(limit: number, remaining: number): Readonly<Record<string, string>> {
  return { 'x-rate-limit-limit': String(limit), 'x-rate-limit-remaining': String(remaining) };
}
