/** Reads the one-time-password secret of a record: base32, or an `otpauth://` URI as in QR codes. */

import { Secret as OtpSecret, TOTP, URI } from 'otpauth';
import { Secret } from '../secret.ts';
import { type MemberLookUp, RecordInvalid, textOf } from './member-look-up.ts';
import type { TotpSettings, UserRecord } from './record.ts';

/** RFC 4648 in upper case without padding. */
const BASE32 = /^[A-Z2-7]+$/;
/** Far above any URI of an authenticator app; a longer text takes long to be found wrong. */
const MAX_CHARACTERS = 1024;
/** 80 bits are what authenticator apps make at least; RFC 4226 §4 asks for 128. */
const MIN_SECRET_BYTES = 10;
const MIN_DIGITS = 6;
const MAX_DIGITS = 8;
const MIN_PERIOD_SECONDS = 15;
const MAX_PERIOD_SECONDS = 120;

/** @throws Denied RECORD_INVALID */
export function readTotp(members: MemberLookUp): Pick<UserRecord, 'totp'> {
  const found = members.find('Totp');
  if (found === undefined) return {};
  const text = textOf(found).trim();
  const totp = text.length > MAX_CHARACTERS ? undefined : ofText(text);
  if (totp === undefined)
    throw new RecordInvalid(
      found.name,
      'it is neither a base32 secret of 80 bits or more nor an otpauth://totp URI',
    );
  return { totp };
}

function ofText(text: string): TotpSettings | undefined {
  return /^otpauth:/i.test(text) ? ofUri(text) : ofBase32(text);
}

function ofBase32(text: string): TotpSettings | undefined {
  const base32 = text.replaceAll(/[\s-]/g, '').replace(/=+$/, '').toUpperCase();
  if (!BASE32.test(base32)) return undefined;
  return settings(new TOTP({ secret: OtpSecret.fromBase32(base32) }));
}

function ofUri(text: string): TotpSettings | undefined {
  const token = parseUri(text);
  return token instanceof TOTP ? settings(token) : undefined;
}

function parseUri(text: string): unknown {
  try {
    return URI.parse(text);
  } catch {
    // The message may quote the URI, and with it the secret.
    return undefined;
  }
}

function settings({ secret, digits, period, algorithm }: TOTP): TotpSettings | undefined {
  const isInBounds =
    secret.bytes.length >= MIN_SECRET_BYTES &&
    digits >= MIN_DIGITS &&
    digits <= MAX_DIGITS &&
    period >= MIN_PERIOD_SECONDS &&
    period <= MAX_PERIOD_SECONDS;
  if (!isInBounds) return undefined;
  if (algorithm !== 'SHA1' && algorithm !== 'SHA256' && algorithm !== 'SHA512') return undefined;
  return { secret: new Secret(secret.base32), digits, periodSeconds: period, algorithm };
}
