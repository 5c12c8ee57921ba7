import assert from 'node:assert/strict';
import test from 'node:test';
import { Denied } from '../../decision.ts';
import { checkAccountState } from './account-state.ts';
import { LdapEntry } from './entry.ts';

const NOW_MS = Date.UTC(2026, 0, 1);
const TODAY = NOW_MS / 86_400_000;

function codeOf(attributes: Record<string, string>, isBound = false): string {
  try {
    checkAccountState(new LdapEntry({ dn: 'cn=x', ...attributes }), { nowMs: NOW_MS, isBound });
    return 'OK';
  } catch (error) {
    assert.ok(error instanceof Denied);
    return error.code;
  }
}

/** 100-ns ticks since 1601. */
function filetime(ms: number): string {
  return String(BigInt(ms) * 10_000n + 116_444_736_000_000_000n);
}

test('account state - an entry that says nothing is in order', () => {
  assert.equal(codeOf({}), 'OK');
});

for (const [title, attributes, code] of [
  ['a normal account', { userAccountControl: '512' }, 'OK'],
  ['disabled', { userAccountControl: '514' }, 'ACCOUNT_DISABLED'],
  ['locked by the computed bit', { 'msDS-User-Account-Control-Computed': '16' }, 'ACCOUNT_LOCKED'],
  ['the lock bit in plain userAccountControl, which nobody maintains', { userAccountControl: '528' }, 'OK'],
  ['password expired, computed', { 'msDS-User-Account-Control-Computed': '8388608' }, 'PASSWORD_EXPIRED'],
  ['never expires', { accountExpires: '9223372036854775807' }, 'OK'],
  ['never expires, in the other spelling', { accountExpires: '0' }, 'OK'],
  ['expired yesterday', { accountExpires: filetime(NOW_MS - 86_400_000) }, 'ACCOUNT_EXPIRED'],
  ['expires tomorrow', { accountExpires: filetime(NOW_MS + 86_400_000) }, 'OK'],
  ['must change the password', { pwdLastSet: '0', userAccountControl: '512' }, 'PASSWORD_EXPIRED'],
  ['password that never expires', { pwdLastSet: '0', userAccountControl: '66048' }, 'OK'],
  ['a lock without the computed attribute', { lockoutTime: '133000000000000000' }, 'ACCOUNT_LOCKED'],
  [
    'a lock that has run out',
    { lockoutTime: '133000000000000000', 'msDS-User-Account-Control-Computed': '0' },
    'OK',
  ],
  ['nsAccountLock', { nsAccountLock: 'TRUE' }, 'ACCOUNT_DISABLED'],
  ['nsAccountLock false', { nsaccountlock: 'false' }, 'OK'],
  ['eDirectory', { loginDisabled: 'TRUE' }, 'ACCOUNT_DISABLED'],
  ['authentik', { 'ak-active': 'FALSE' }, 'ACCOUNT_DISABLED'],
  ['ppolicy lock', { pwdAccountLockedTime: '000001010000Z' }, 'ACCOUNT_LOCKED'],
  ['ppolicy reset', { pwdReset: 'TRUE' }, 'PASSWORD_EXPIRED'],
  ['shadowExpire today', { shadowExpire: String(TODAY) }, 'ACCOUNT_EXPIRED'],
  ['shadowExpire tomorrow', { shadowExpire: String(TODAY + 1) }, 'OK'],
  ['shadowExpire never', { shadowExpire: '-1' }, 'OK'],
  ['Kerberos principal over', { krbPrincipalExpiration: '20251231235959Z' }, 'ACCOUNT_EXPIRED'],
  ['Kerberos password over', { krbPasswordExpiration: '20251231235959Z' }, 'PASSWORD_EXPIRED'],
  ['not yet valid', { pwdStartTime: '20260102000000Z' }, 'ACCOUNT_EXPIRED'],
  ['a number that is none', { accountExpires: 'soon' }, 'RECORD_INVALID'],
  ['a time that is none', { krbPrincipalExpiration: 'tomorrow' }, 'RECORD_INVALID'],
] as const)
  test(`account state - ${title}: ${code}`, () => assert.equal(codeOf(attributes), code));

test('account state - after a bind the directory has judged locks itself', () => {
  assert.equal(codeOf({ pwdAccountLockedTime: '20251231000000Z' }, true), 'OK');
  assert.equal(codeOf({ userAccountControl: '514' }, true), 'ACCOUNT_DISABLED');
});
