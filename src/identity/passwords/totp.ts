/** One-time codes by time (RFC 6238), each taken once. */

import { Secret as OtpSecret, TOTP } from 'otpauth';
import { Denied, IdentityFault } from '../decision.ts';
import type { TotpSettings } from '../records/record.ts';
import type { Secret } from '../secret.ts';

/** Steps before and after the present one that are taken: clocks differ, people type slowly (RFC 6238 §5.2). */
const WINDOW_STEPS = 1;
/** Users whose last code is remembered; a code is remembered for as long as it could be taken. */
const MAX_REMEMBERED_USERS = 100_000;

/** The step of time that the code is of, or undefined where it is of none that is taken now. */
export function verifyTotp(settings: TotpSettings, code: Secret, nowMs: number): number | undefined {
  const { digits, periodSeconds, algorithm } = settings;
  const text = code.reveal();
  if (text.length !== digits || !/^\d+$/.test(text)) return undefined;
  const secret = OtpSecret.fromBase32(settings.secret.reveal());
  const totp = new TOTP({ secret, digits, period: periodSeconds, algorithm });
  const delta = totp.validate({ token: text, timestamp: nowMs, window: WINDOW_STEPS });
  return delta === null ? undefined : Math.floor(nowMs / 1000 / periodSeconds) + delta;
}

/** Remembers which codes were taken. With several processes for one server it has to be shared by them. */
export interface UsedCodes {
  /**
   * In one atomic step: whether the code's step is later than the last one taken of this user, and then remembers it, at least
   * until `forgetAtMs`. @throws IdentityFault where nobody can tell
   */
  take(user: string, step: number, forgetAtMs: number, signal: AbortSignal): Promise<boolean>;
}

/** For one process. */
export class UsedCodesInMemory implements UsedCodes {
  readonly #lastSteps = new Map<string, { readonly step: number; readonly forgetAtMs: number }>();
  readonly #now: () => number;
  readonly #maxUsers: number;

  constructor(now: () => number, maxUsers = MAX_REMEMBERED_USERS) {
    this.#now = now;
    this.#maxUsers = maxUsers;
  }

  async take(user: string, step: number, forgetAtMs: number): Promise<boolean> {
    const last = this.#lastSteps.get(user);
    if (last !== undefined && step <= last.step) return false;
    if (this.#lastSteps.size >= this.#maxUsers) this.#forget();
    // To forget one that could be used again would let it be replayed.
    if (this.#lastSteps.size >= this.#maxUsers && last === undefined) throw new IdentityFault('OVERLOADED');
    this.#lastSteps.set(user, { step, forgetAtMs });
    return true;
  }

  #forget(): void {
    const nowMs = this.#now();
    for (const [user, { forgetAtMs }] of this.#lastSteps) {
      if (forgetAtMs <= nowMs) this.#lastSteps.delete(user);
    }
  }
}

export class TotpCheck {
  readonly #usedCodes: UsedCodes;
  readonly #now: () => number;

  constructor(surroundings: { readonly now: () => number }, usedCodes?: UsedCodes) {
    this.#now = surroundings.now;
    this.#usedCodes = usedCodes ?? new UsedCodesInMemory(surroundings.now);
  }

  /**
   * Resolves where the code is right and was not used before. `user` names the account everywhere: another server with the same
   * secret takes a code only if the first one did not.
   * @throws Denied BAD_CODE, CODE_REPLAYED; IdentityFault where the memory of used codes fails
   */
  async check(user: string, settings: TotpSettings, code: Secret, signal: AbortSignal): Promise<void> {
    const step = verifyTotp(settings, code, this.#now());
    if (step === undefined) throw new Denied('BAD_CODE');
    // The last moment at which `verifyTotp` takes this step.
    const forgetAtMs = (step + 1 + WINDOW_STEPS) * settings.periodSeconds * 1000;
    if (!(await this.#usedCodes.take(user, step, forgetAtMs, signal))) throw new Denied('CODE_REPLAYED');
  }
}
