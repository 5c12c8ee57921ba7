/** One authentication transaction of the Authentication API: its state, and how it is shown. */

import { shownFactor } from './factors.ts';
import type { Account, PushScript, SimulatedFactor } from './users.ts';

/** `expiresAt` slides so far with every call. */
const LIFE_MS = 5 * 60_000;

export type FactorResult = 'WAITING' | 'CHALLENGE' | 'REJECTED' | 'TIMEOUT';

/** Under which member, and in which form, the factors of `MFA_REQUIRED` are shown: sources about Okta differ. */
export type FactorsShape = 'factors' | 'factor' | 'factor object';

export class Transaction {
  readonly stateToken: string;
  readonly account: Account;
  readonly #now: () => number;
  status: string;
  factor: SimulatedFactor | undefined;
  factorResult: FactorResult | undefined;
  /** Polls since the push was sent. */
  polls = 0;
  readonly tried = new Set<string>();
  readonly passed = new Set<string>();
  #expiresAtMs: number;

  constructor(stateToken: string, account: Account, status: string, now: () => number) {
    this.stateToken = stateToken;
    this.account = account;
    this.status = status;
    this.#now = now;
    this.#expiresAtMs = now() + LIFE_MS;
  }

  get isExpired(): boolean {
    return this.#now() > this.#expiresAtMs;
  }

  slide(): void {
    this.#expiresAtMs = this.#now() + LIFE_MS;
  }

  /** What the phone has done by now. */
  followPush({ ends, afterPolls }: PushScript): 'approved' | FactorResult {
    if (this.polls < afterPolls || ends === 'never') return 'WAITING';
    if (ends === 'approve') return 'approved';
    return ends === 'reject' ? 'REJECTED' : 'TIMEOUT';
  }

  show(origin: string, shape: FactorsShape): Readonly<Record<string, unknown>> {
    const { user } = this.account;
    const { login, firstName, lastName } = this.account.profile;
    return {
      stateToken: this.stateToken,
      expiresAt: new Date(this.#expiresAtMs).toISOString(),
      status: this.status,
      ...(this.factorResult === undefined ? {} : { factorResult: this.factorResult }),
      _embedded: {
        user: {
          id: user.id,
          passwordChanged: '2029-06-01T00:00:00.000Z',
          profile: { login, firstName, lastName, locale: 'en', timeZone: 'UTC' },
        },
        ...this.#shownFactors(origin, shape),
        ...(this.status === 'PASSWORD_WARN' ? { policy: { expiration: { passwordExpireDays: 3 } } } : {}),
      },
      _links: this.#links(origin),
    };
  }

  #shownFactors(origin: string, shape: FactorsShape): Readonly<Record<string, unknown>> {
    if (this.factor !== undefined)
      return { factor: { ...shownFactor(this.factor), ...this.#shownNumber(this.factor) } };
    if (this.status !== 'MFA_REQUIRED' && this.status !== 'MFA_ENROLL') return {};
    const factors = (this.account.user.factors ?? [])
      .filter(({ id }) => !this.passed.has(id))
      .map((factor) => ({
        ...shownFactor(factor),
        ...(factor.isWithoutLinks === true
          ? {}
          : { _links: { verify: link(`${origin}/api/v1/authn/factors/${factor.id}/verify`) } }),
      }));
    if (shape === 'factor object') return { factor: factors[0] };
    return shape === 'factor' ? { factor: factors } : { factors };
  }

  #shownNumber(factor: SimulatedFactor): Readonly<Record<string, unknown>> {
    if (factor.type === 'webauthn') return { _embedded: { challenge: { challenge: 'simulated' } } };
    if (factor.type !== 'push' || factor.script.number === undefined) return {};
    const { shown, afterPolls } = factor.script.number;
    if (this.factorResult !== 'WAITING' || this.polls < afterPolls) return {};
    return { _embedded: { challenge: { correctAnswer: shown } } };
  }

  #links(origin: string): Readonly<Record<string, unknown>> {
    const authn = `${origin}/api/v1/authn`;
    const cancel = link(`${authn}/cancel`);
    if (this.status === 'PASSWORD_WARN') return { cancel, skip: link(`${authn}/skip`) };
    if (this.status === 'PASSWORD_EXPIRED')
      return { cancel, next: { name: 'changePassword', ...link(`${authn}/credentials/change_password`) } };
    if (this.status !== 'MFA_CHALLENGE' || this.factor === undefined) return { cancel };
    const verify = `${authn}/factors/${this.factor.id}/verify`;
    return {
      cancel,
      prev: link(`${authn}/previous`),
      next: { name: this.factorResult === 'WAITING' ? 'poll' : 'verify', ...link(verify) },
      resend: [{ name: this.factor.type, ...link(`${verify}/resend`) }],
    };
  }
}

export function link(href: string): object {
  return { href, hints: { allow: ['POST'] } };
}
