/** Second factors of Okta: which can be used from here, and in which order they are preferred. */

/** How a factor is proven: with a code of a device, with one that Okta sends, with words, or on a phone. */
export type FactorWay = 'code' | 'sent' | 'answer' | 'push';

/** By `factorType`. The others need a browser: `webauthn` and `u2f` are bound to an origin, `web` is a page of Duo. */
const WAYS: Readonly<Record<string, FactorWay>> = {
  push: 'push',
  'token:software:totp': 'code',
  'token:hotp': 'code',
  'token:hardware': 'code',
  token: 'code',
  sms: 'sent',
  call: 'sent',
  email: 'sent',
  question: 'answer',
};

/** What `factorOrder` may hold. */
export const FACTOR_NAME =
  /^(?:push|token:software:totp|token:hotp|token:hardware|token|sms|call|email|question)(?:\/[A-Z_]+)?$/;

export const DEFAULT_FACTOR_ORDER: readonly string[] = [
  'push',
  'token:software:totp/OKTA',
  'token:software:totp/GOOGLE',
  'token:software:totp',
  'token:hardware/YUBICO',
  'token:hardware',
  'token:hotp',
  'token',
  'sms',
  'call',
  'email',
  'question',
];

/** Codes of YubiKeys are 44 letters; every other device has fewer digits. */
const YUBIKEY_CODE_CHARACTERS = 44;

/** A factor as Okta lists it. */
export interface Factor {
  readonly type: string;
  readonly provider: string;
  readonly verifyHref: string;
  /** A masked number or address, the text of a security question, the name of a phone. */
  readonly detail?: string;
}

export function wayOf({ type }: Pick<Factor, 'type'>): FactorWay | undefined {
  return Object.hasOwn(WAYS, type) ? WAYS[type] : undefined;
}

/** Those that can be used and are in the order, the preferred ones first. */
export function usableFactors(factors: readonly Factor[], order: readonly string[]): readonly Factor[] {
  return factors
    .map((factor) => ({ factor, rank: rankOf(factor, order) }))
    .filter(({ factor, rank }) => wayOf(factor) !== undefined && rank >= 0)
    .sort((a, b) => a.rank - b.rank)
    .map(({ factor }) => factor);
}

/** The one that a code at the end of a password is for. */
export function factorForCode(
  factors: readonly Factor[],
  order: readonly string[],
  codeLength: number,
): Factor | undefined {
  const isForYubiKey = codeLength === YUBIKEY_CODE_CHARACTERS;
  return usableFactors(factors, order).find(
    (factor) => wayOf(factor) === 'code' && (factor.provider === 'YUBICO') === isForYubiKey,
  );
}

const NAMES: Readonly<Record<string, string>> = {
  push: 'Okta Verify push',
  'token:software:totp/OKTA': 'Okta Verify code',
  'token:software:totp/GOOGLE': 'Google Authenticator code',
  'token:software:totp': 'authenticator code',
  'token:hardware/YUBICO': 'YubiKey',
  'token:hardware': 'hardware token',
  'token:hotp': 'token code',
  token: 'token code',
  'token/RSA': 'RSA SecurID',
  'token/SYMANTEC': 'Symantec VIP',
  sms: 'SMS',
  call: 'call',
  email: 'e-mail',
  question: 'security question',
};

/** For the user: `SMS to +XX XXX-0100`. */
export function labelOf({ type, provider, detail }: Pick<Factor, 'type' | 'provider' | 'detail'>): string {
  const name = NAMES[`${type}/${provider}`] ?? NAMES[type] ?? type;
  if (detail === undefined || type === 'question') return name;
  return wayOf({ type }) === 'sent' ? `${name} to ${detail}` : `${name} (${detail})`;
}

function rankOf({ type, provider }: Factor, order: readonly string[]): number {
  return order.findIndex((name) => name === type || name === `${type}/${provider}`);
}
