import assert from 'node:assert/strict';
import test from 'node:test';
import { Denied, IdentityFault } from '../../decision.ts';
import { createLdapProvider } from './provider.ts';
import { CANARY, Clock, optionsFor, SERVICE_DN, verify } from './testing/bench.ts';
import { ScriptedDirectory, type ScriptedResult } from './testing/scripted-directory.ts';

async function codeOf(result: ScriptedResult): Promise<string> {
  await using directory = await ScriptedDirectory.start({
    entries: [{ dn: 'cn=Jo Doe,dc=example,dc=com', attributes: { uid: ['jdoe'] } }],
    onBind: (name) => (name === SERVICE_DN ? { code: 0 } : result),
  });
  const provider = createLdapProvider(optionsFor([directory.url]), new Clock().surroundings());
  try {
    await verify(provider, 'jdoe');
    return 'VERIFIED';
  } catch (error) {
    assert.ok(error instanceof Denied || error instanceof IdentityFault);
    assert.ok(!error.message.includes(CANARY));
    return error.code;
  } finally {
    await provider.close();
  }
}

for (const [data, code] of [
  ['525', 'USER_UNKNOWN'],
  ['52e', 'BAD_CREDENTIALS'],
  ['52f', 'CONDITIONAL_ACCESS'],
  ['530', 'TIME_REFUSED'],
  ['531', 'CONDITIONAL_ACCESS'],
  ['532', 'PASSWORD_EXPIRED'],
  ['533', 'ACCOUNT_DISABLED'],
  ['701', 'ACCOUNT_EXPIRED'],
  ['773', 'PASSWORD_EXPIRED'],
  ['775', 'ACCOUNT_LOCKED'],
  ['9999', 'BAD_CREDENTIALS'],
] as const)
  test(`ldap bind - Active Directory's data ${data} is ${code}`, async () => {
    const diagnostic = `80090308: LdapErr: DSID-0C090446, comment: AcceptSecurityContext error, data ${data}, v4563`;
    assert.equal(await codeOf({ code: 49, diagnostic }), code);
  });

for (const [title, result, code] of [
  ['success', { code: 0 }, 'VERIFIED'],
  ['plain result 49', { code: 49 }, 'BAD_CREDENTIALS'],
  ['password policy: locked', { code: 49, policyError: 1 }, 'ACCOUNT_LOCKED'],
  ['password policy: expired', { code: 49, policyError: 0 }, 'PASSWORD_EXPIRED'],
  ['password policy: success that has to be changed first', { code: 0, policyError: 2 }, 'PASSWORD_EXPIRED'],
  ['too many failures', { code: 19 }, 'ACCOUNT_LOCKED'],
  [
    'inactivated',
    { code: 53, diagnostic: 'Account inactivated. Contact system administrator.' },
    'ACCOUNT_DISABLED',
  ],
  ['a policy of the application', { code: 50 }, 'CONDITIONAL_ACCESS'],
  ['no password', { code: 48 }, 'PASSWORD_UNUSABLE'],
  ['TLS wanted', { code: 8 }, 'CONFIGURATION_INVALID'],
  ['confidentiality wanted', { code: 13 }, 'CONFIGURATION_INVALID'],
  ['a referral', { code: 10 }, 'UPSTREAM_FAILED'],
  ['SASL in progress', { code: 14 }, 'UPSTREAM_FAILED'],
  ['busy', { code: 51 }, 'UPSTREAM_FAILED'],
  ['an unknown code', { code: 4242 }, 'UPSTREAM_FAILED'],
] as const)
  test(`ldap bind - ${title}: ${code}`, async () => assert.equal(await codeOf(result), code));
