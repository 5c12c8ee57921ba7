/** Device codes of the simulated tenant, and what people made of them in their browsers. */

import { randomBytes, randomInt } from 'node:crypto';
import type { Reply } from '../exchange.ts';
import { aadsts } from './failures.ts';

const LIFE_SECONDS = 900;
const INTERVAL_SECONDS = 5;
const MS_PER_SECOND = 1000;
/** Without the letters and digits that look alike. */
const ALPHABET = 'BCDFGHJKLMNPQRSTVWXZ23456789';

interface DeviceCode {
  readonly userCode: string;
  readonly expiresAtMs: number;
  lastPollMs: number;
  decision: 'none' | 'declined' | 'used' | { readonly name: string };
}

export class DeviceCodes {
  readonly #now: () => number;
  readonly #codes = new Map<string, DeviceCode>();

  constructor(now: () => number) {
    this.#now = now;
  }

  begin(verificationUri: string): Reply {
    const deviceCode = randomBytes(32).toString('base64url');
    const userCode = Array.from({ length: 9 }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
    const nowMs = this.#now();
    this.#codes.set(deviceCode, {
      userCode,
      expiresAtMs: nowMs + LIFE_SECONDS * MS_PER_SECOND,
      lastPollMs: Number.NEGATIVE_INFINITY,
      decision: 'none',
    });
    const message = `To sign in, open ${verificationUri} and enter ${userCode}.`;
    return {
      status: 200,
      json: {
        device_code: deviceCode,
        user_code: userCode,
        verification_uri: verificationUri,
        expires_in: LIFE_SECONDS,
        interval: INTERVAL_SECONDS,
        message,
      },
    };
  }

  /** Somebody enters the code; without a name they decline. @returns whether there is such a code */
  decide(userCode: string, name?: string): boolean {
    const code = [...this.#codes.values()].find((each) => each.userCode === userCode);
    if (code === undefined) return false;
    code.decision = name === undefined ? 'declined' : { name };
    return true;
  }

  /** Who approved. @throws Failure */
  redeem(deviceCode: string): string {
    const code = this.#codes.get(deviceCode);
    if (code === undefined) throw aadsts(90119, 'bad_verification_code');
    const nowMs = this.#now();
    const isTooFast = nowMs - code.lastPollMs < INTERVAL_SECONDS * MS_PER_SECOND;
    code.lastPollMs = nowMs;
    if (nowMs >= code.expiresAtMs) throw aadsts(70019, 'expired_token');
    const { decision } = code;
    if (decision === 'declined') throw aadsts(70018, 'authorization_declined');
    if (decision === 'used') throw aadsts(90120, 'bad_verification_code');
    if (decision === 'none') throw aadsts(70016, isTooFast ? 'slow_down' : 'authorization_pending');
    code.decision = 'used';
    return decision.name;
  }
}
