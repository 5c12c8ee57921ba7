/** How a simulated factor judges a code, and how it is shown in a transaction. */

import { OktaFailure } from './errors.ts';
import { hotp, totp, totpCounter } from './one-time-password.ts';
import type { Account, SimulatedFactor } from './users.ts';

/** Okta takes the code before and after the current one. */
const TOTP_WINDOW = 1;
/** Codes that are said to be valid but out of the window. */
const TOTP_FAR_WINDOW = 10;
const HOTP_LOOK_AHEAD = 3;
const RESEND_AFTER_MS = 30_000;

type FactorOf<Type extends SimulatedFactor['type']> = Extract<SimulatedFactor, { readonly type: Type }>;

/** Factors whose code Okta sends first. */
export type SentFactor = FactorOf<'sms' | 'call' | 'email'>;

export function isSent(factor: SimulatedFactor): factor is SentFactor {
  return factor.type === 'sms' || factor.type === 'call' || factor.type === 'email';
}

/** @throws OktaFailure E0000068, E0000082, E0000083 */
export function judgeCode(factor: SimulatedFactor, code: string, account: Account, nowMs: number): void {
  switch (factor.type) {
    case 'token:software:totp':
      return judgeTotp(factor, code, account, nowMs);
    case 'token:hotp':
      return judgeHotp(factor, code, account);
    case 'token:hardware':
    case 'token':
      return judgeListed(factor, code, account);
    case 'sms':
    case 'call':
    case 'email':
      return judgeEqual(factor.code, code, account);
    case 'question':
      return judgeEqual(factor.answer.toLowerCase(), code.toLowerCase(), account);
    default:
      throw new OktaFailure('E0000079');
  }
}

/** Sends a code. @throws OktaFailure E0000109, E0000133 within 30 seconds of the last one */
export function sendCode(factor: SentFactor, account: Account, nowMs: number): void {
  const sentMs = account.lastSentMs(factor.id);
  if (sentMs !== undefined && nowMs - sentMs < RESEND_AFTER_MS)
    throw new OktaFailure(factor.type === 'call' ? 'E0000133' : 'E0000109');
  account.send(factor.id, nowMs);
}

/** As a member of `_embedded.factors`, without links. */
export function shownFactor(factor: SimulatedFactor): Readonly<Record<string, unknown>> {
  return {
    id: factor.id,
    factorType: factor.type,
    provider: factor.provider,
    vendorName: factor.provider,
    profile: profileOf(factor),
  };
}

function profileOf(factor: SimulatedFactor): Readonly<Record<string, unknown>> {
  switch (factor.type) {
    case 'sms':
    case 'call':
      return { phoneNumber: `+XX XXX-${factor.phoneNumber.slice(-4)}` };
    case 'email':
      return { email: `${factor.email.slice(0, 1)}...@${factor.email.split('@')[1] ?? ''}` };
    case 'question':
      return { question: 'simulated', questionText: factor.question };
    case 'push':
      return { deviceType: 'SmartPhone_IPhone', name: 'phone', platform: 'IOS', version: '18' };
    case 'token:software:totp':
      // Okta Verify may have an empty profile before the verification.
      return factor.provider === 'OKTA' ? {} : { credentialId: factor.id };
    default:
      return { credentialId: factor.id };
  }
}

function judgeTotp(
  { id, secret }: FactorOf<'token:software:totp'>,
  code: string,
  account: Account,
  nowMs: number,
): void {
  const now = totpCounter(nowMs);
  for (let offset = -TOTP_WINDOW; offset <= TOTP_WINDOW; offset += 1) {
    if (hotp(secret, now + offset) !== code) continue;
    if (now + offset <= account.lastCounterOf(id)) throw new OktaFailure('E0000082');
    account.useCounter(id, now + offset);
    return;
  }
  account.fail();
  for (let offset = -TOTP_FAR_WINDOW; offset <= TOTP_FAR_WINDOW; offset += 1)
    if (hotp(secret, now + offset) === code) throw new OktaFailure('E0000083');
  throw new OktaFailure('E0000068');
}

function judgeHotp({ id, secret }: FactorOf<'token:hotp'>, code: string, account: Account): void {
  const next = account.lastCounterOf(id) + 1;
  for (let counter = next; counter < next + HOTP_LOOK_AHEAD; counter += 1) {
    if (hotp(secret, counter) !== code) continue;
    account.useCounter(id, counter);
    return;
  }
  account.fail();
  throw new OktaFailure('E0000068');
}

function judgeListed(
  { id, passCodes }: FactorOf<'token:hardware' | 'token'>,
  code: string,
  account: Account,
): void {
  if (!passCodes.includes(code)) {
    account.fail();
    throw new OktaFailure('E0000068');
  }
  if (!account.useCode(id, code)) throw new OktaFailure('E0000082');
}

function judgeEqual(right: string, code: string, account: Account): void {
  if (code === right) return;
  account.fail();
  throw new OktaFailure('E0000068');
}

/** The code that the person reads off their device, or out of a message; undefined where there is none to read. */
export function currentCode(factor: SimulatedFactor, nowMs: number): string | undefined {
  if (factor.type === 'token:software:totp') return totp(factor.secret, nowMs);
  if (factor.type === 'token:hotp') return hotp(factor.secret, 0);
  if (isSent(factor)) return factor.code;
  if (factor.type === 'question') return factor.answer;
  return factor.type === 'token:hardware' || factor.type === 'token' ? factor.passCodes[0] : undefined;
}
