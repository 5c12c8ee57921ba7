/** Judges passwords against what records hold, with a bound on the memory that all of them take together. */

import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { Denied } from '../decision.ts';
import type { Secret } from '../secret.ts';
import {
  anyArgon2,
  argon2Bytes,
  DEFAULT_ARGON2_BYTES,
  isWeakArgon2,
  makeArgon2,
  verifyArgon2,
} from './argon2.ts';
import { verifyBcrypt } from './bcrypt.ts';
import { Gate, type GateLimits } from './gate.ts';
import { verifyPbkdf2 } from './pbkdf2.ts';
import { verifySaltedSha } from './salted-sha.ts';
import { scryptBytes, verifyScrypt } from './scrypt.ts';
import { parseStoredPassword, type StoredPassword } from './stored-password.ts';

const MIB = 1024 * 1024;
/** Room for the dearest hash that is read. */
const CAPACITY_BYTES = 256 * MIB;
/** Every hash counts as so much at least: three at once, which leaves one of libuv's four threads for files and names. */
const MIN_SHARE_BYTES = 80 * MIB;

const DEFAULT_LIMITS: GateLimits = { capacityBytes: CAPACITY_BYTES, maxWaiting: 256, maxWaitMs: 5000 };
const KEY_BYTES = 32;

export interface PasswordVerdict {
  readonly isRight: boolean;
  /** The right password was stored plain or as a hash weaker than new ones. */
  readonly isWeak: boolean;
}

export class PasswordVerifier {
  readonly #gate: Gate;
  readonly #key = randomBytes(KEY_BYTES);
  /** What an unknown user's password is judged by: the like of what was judged last, so that both take as long. */
  #imitated: StoredPassword = anyArgon2();

  constructor(limits: Partial<GateLimits> = {}) {
    this.#gate = new Gate({ ...DEFAULT_LIMITS, ...limits });
  }

  /**
   * @throws Denied RECORD_INVALID where the stored password is a hash that is not read, PASSWORD_UNUSABLE; IdentityFault OVERLOADED,
   * UPSTREAM_TIMED_OUT, CONFIGURATION_INVALID
   */
  async verify(stored: Secret, typed: Secret, signal: AbortSignal): Promise<PasswordVerdict> {
    const parsed = parseStoredPassword(stored);
    if (parsed === undefined)
      throw new Denied(
        'RECORD_INVALID',
        'Password: it is a hash of a kind, or with a cost, that is not taken.',
      );
    this.#imitated = parsed;
    const isRight = await this.#judge(parsed, typed, signal);
    return { isRight, isWeak: isRight && isWeak(parsed) };
  }

  /**
   * Takes as long as `verify` and says nothing: for users that do not exist or have no password.
   * @throws IdentityFault as `verify`
   */
  async imitate(typed: Secret, signal: AbortSignal): Promise<void> {
    try {
      await this.#judge(this.#imitated, typed, signal);
    } catch (error) {
      // That another user's kind of hash does not take this password says nothing about this user.
      if (!(error instanceof Denied)) throw error;
    }
  }

  /** A new hash for storing. @throws IdentityFault OVERLOADED, UPSTREAM_TIMED_OUT, CONFIGURATION_INVALID */
  hash(typed: Secret, signal: AbortSignal): Promise<Secret> {
    return this.#guarded(DEFAULT_ARGON2_BYTES, signal, () => makeArgon2(typed));
  }

  async #judge(stored: StoredPassword, typed: Secret, signal: AbortSignal): Promise<boolean> {
    switch (stored.scheme) {
      case 'plain':
        return timingSafeEqual(this.#digest(stored.text), this.#digest(typed));
      case 'salted-sha':
        return verifySaltedSha(stored, typed);
      case 'argon2':
        return this.#guarded(argon2Bytes(stored), signal, () => verifyArgon2(stored, typed));
      case 'scrypt':
        return this.#guarded(scryptBytes(stored), signal, () => verifyScrypt(stored, typed));
      case 'pbkdf2':
        return this.#guarded(0, signal, () => verifyPbkdf2(stored, typed));
      case 'bcrypt':
        // One at a time: it works on this thread.
        return this.#guarded(CAPACITY_BYTES, signal, () => verifyBcrypt(stored, typed));
    }
  }

  /** Texts of any length become equally long without telling, by the time it takes, where they differ. */
  #digest(text: Secret): Buffer {
    return createHmac('sha256', this.#key).update(text.reveal()).digest();
  }

  #guarded<Result>(bytes: number, signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
    return this.#gate.run(Math.max(bytes, MIN_SHARE_BYTES), signal, async () => work());
  }
}

function isWeak(stored: StoredPassword): boolean {
  return stored.scheme !== 'argon2' || isWeakArgon2(stored);
}
