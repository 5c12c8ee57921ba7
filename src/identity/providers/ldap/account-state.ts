/**
 * Whether an account may be used today, read from its entry.
 *
 * A directory looks at this when it judges a password, and at a key login nobody asks it: without this an employee who left would
 * get in with their key for as long as the entry exists.
 */

import { type DenialCode, Denied } from '../../decision.ts';
import type { LdapEntry } from './entry.ts';

/** Asked for by name: most are operational or constructed attributes, which `*` does not bring. */
export const STATE_ATTRIBUTES = [
  'userAccountControl',
  'msDS-User-Account-Control-Computed',
  'accountExpires',
  'pwdLastSet',
  'lockoutTime',
  'nsAccountLock',
  'krbPrincipalExpiration',
  'krbPasswordExpiration',
  'pwdAccountLockedTime',
  'pwdReset',
  'pwdStartTime',
  'pwdEndTime',
  'shadowExpire',
  'loginDisabled',
  'loginExpirationTime',
  'ak-active',
] as const;

/** Bits of userAccountControl and of its computed form ([MS-ADTS] 2.2.16). */
const DISABLED = 0x2;
const LOCKED_OUT = 0x10;
const PASSWORD_NEVER_EXPIRES = 0x1_0000;
const PASSWORD_EXPIRED = 0x80_0000;

/** Both mean that an account of Active Directory never expires. */
const NEVER: readonly bigint[] = [0n, 0x7fff_ffff_ffff_ffffn];
/** 1601 to 1970, in the 100 ns of Active Directory. */
const FILETIME_EPOCH = 116_444_736_000_000_000n;
const FILETIME_PER_MS = 10_000n;

const DAY_MS = 86_400_000;
/** RFC 4517, section 3.3.13, in the forms that directories write. */
const GENERALIZED_TIME = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)?(\d\d)?(?:[.,]\d+)?Z$/;

interface StateQuestion {
  readonly nowMs: number;
  /**
   * Whether the directory has just judged the password. Then it has judged locks too, by rules that it knows better: a lock that has
   * run out stays in the entry until the next bind.
   */
  readonly isBound: boolean;
}

/** @throws Denied ACCOUNT_DISABLED, ACCOUNT_EXPIRED, ACCOUNT_LOCKED, PASSWORD_EXPIRED, RECORD_INVALID */
export function checkAccountState(entry: LdapEntry, { nowMs, isBound }: StateQuestion): void {
  refuse('ACCOUNT_DISABLED', disabledBy(entry));
  refuse('ACCOUNT_EXPIRED', expiredBy(entry, nowMs));
  if (!isBound) refuse('ACCOUNT_LOCKED', lockedBy(entry));
  refuse('PASSWORD_EXPIRED', passwordExpiredBy(entry, nowMs));
}

function refuse(code: DenialCode, attribute: string | undefined): void {
  if (attribute !== undefined) throw new Denied(code, `(${attribute})`);
}

function disabledBy(entry: LdapEntry): string | undefined {
  if (hasBit(entry, 'userAccountControl', DISABLED)) return 'userAccountControl';
  if (isTrue(entry, 'nsAccountLock')) return 'nsAccountLock';
  if (isTrue(entry, 'loginDisabled')) return 'loginDisabled';
  return isFalse(entry, 'ak-active') ? 'ak-active' : undefined;
}

function expiredBy(entry: LdapEntry, nowMs: number): string | undefined {
  const expires = number(entry, 'accountExpires');
  if (expires !== undefined && !NEVER.includes(expires) && filetimeMs(expires) <= nowMs)
    return 'accountExpires';
  const shadowExpire = number(entry, 'shadowExpire');
  if (shadowExpire !== undefined && shadowExpire !== -1n && Number(shadowExpire) * DAY_MS <= nowMs)
    return 'shadowExpire';
  if ((time(entry, 'pwdStartTime') ?? 0) > nowMs) return 'pwdStartTime';
  const ends = ['krbPrincipalExpiration', 'pwdEndTime', 'loginExpirationTime'];
  return ends.find((name) => isPast(entry, name, nowMs));
}

/**
 * The computed attribute knows when a lock runs out; plain userAccountControl never has this bit. Where it cannot be read, a lock
 * counts for as long as the directory keeps it.
 */
function lockedBy(entry: LdapEntry): string | undefined {
  const computed = 'msDS-User-Account-Control-Computed';
  if (hasBit(entry, computed, LOCKED_OUT)) return computed;
  if (!entry.has(computed) && (number(entry, 'lockoutTime') ?? 0n) !== 0n) return 'lockoutTime';
  return entry.has('pwdAccountLockedTime') ? 'pwdAccountLockedTime' : undefined;
}

function passwordExpiredBy(entry: LdapEntry, nowMs: number): string | undefined {
  const computed = 'msDS-User-Account-Control-Computed';
  if (hasBit(entry, computed, PASSWORD_EXPIRED)) return computed;
  if (hasBit(entry, 'userAccountControl', PASSWORD_EXPIRED)) return 'userAccountControl';
  const neverExpires = hasBit(entry, 'userAccountControl', PASSWORD_NEVER_EXPIRES);
  if (!neverExpires && number(entry, 'pwdLastSet') === 0n) return 'pwdLastSet';
  if (isTrue(entry, 'pwdReset')) return 'pwdReset';
  return isPast(entry, 'krbPasswordExpiration', nowMs) ? 'krbPasswordExpiration' : undefined;
}

function hasBit(entry: LdapEntry, name: string, bit: number): boolean {
  // JavaScript's operators work on 32 bits, as these attributes do.
  return (Number(number(entry, name) ?? 0n) & bit) !== 0;
}

function isTrue(entry: LdapEntry, name: string): boolean {
  return entry.text(name)?.toUpperCase() === 'TRUE';
}

function isFalse(entry: LdapEntry, name: string): boolean {
  return entry.text(name)?.toUpperCase() === 'FALSE';
}

function isPast(entry: LdapEntry, name: string, nowMs: number): boolean {
  const ms = time(entry, name);
  return ms !== undefined && ms <= nowMs;
}

/** What cannot be understood must not be taken for "no limit". @throws Denied RECORD_INVALID */
function number(entry: LdapEntry, name: string): bigint | undefined {
  if (!entry.has(name)) return undefined;
  const text = entry.text(name) ?? '';
  if (!/^-?\d{1,20}$/.test(text)) throw new Denied('RECORD_INVALID', `(${name})`);
  return BigInt(text);
}

function time(entry: LdapEntry, name: string): number | undefined {
  if (!entry.has(name)) return undefined;
  const match = GENERALIZED_TIME.exec(entry.text(name) ?? '');
  if (match === null) throw new Denied('RECORD_INVALID', `(${name})`);
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = match
    .slice(1)
    .map((part) => Number(part ?? 0));
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

function filetimeMs(filetime: bigint): number {
  return Number((filetime - FILETIME_EPOCH) / FILETIME_PER_MS);
}
