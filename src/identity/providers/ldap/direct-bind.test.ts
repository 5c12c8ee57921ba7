import assert from 'node:assert/strict';
import test from 'node:test';
import { createLdapProvider } from './provider.ts';
import { CANARY, Clock, optionsFor, verify } from './testing/bench.ts';
import { type Script, ScriptedDirectory } from './testing/scripted-directory.ts';

const ENTRIES = [
  {
    dn: 'cn=Jo Doe,dc=example,dc=com',
    attributes: { sAMAccountName: ['jdoe'], userAccountControl: ['512'] },
  },
  {
    dn: 'cn=Jane Doe,dc=example,dc=com',
    attributes: { sAMAccountName: ['jane'], userAccountControl: ['512'] },
  },
];

async function subjectOf(
  script: Script,
  bindName = '{username}@corp.example',
  more: Record<string, unknown> = {},
): Promise<string> {
  await using directory = await ScriptedDirectory.start({
    entries: ENTRIES,
    onBind: (_, password) => ({ code: password === CANARY ? 0 : 49 }),
    ...script,
  });
  const options = optionsFor([directory.url], {
    preset: 'active-directory',
    mode: 'direct',
    bindName,
    service: undefined,
    ...more,
  });
  const provider = createLdapProvider(options, new Clock().surroundings());
  try {
    const { subject } = await verify(provider, 'jdoe');
    return `${directory.binds[0]?.name} is ${subject}`;
  } finally {
    await provider.close();
  }
}

test('ldap direct bind - by principal name, and the entry is that of whoever the directory says is bound', async () => {
  assert.equal(
    await subjectOf({ whoAmI: 'u:CORP\\jdoe' }),
    'jdoe@corp.example is cn=Jo Doe,dc=example,dc=com',
  );
});

test('ldap direct bind - whose principal name is the account name of another is not let in as that one', async () => {
  await assert.rejects(subjectOf({ whoAmI: 'u:CORP\\jane' }), { code: 'IDENTITY_MISMATCH' });
});

test('ldap direct bind - by the name of domain and account', async () => {
  const subject = await subjectOf({ whoAmI: `dn:${ENTRIES[0]?.dn}` }, 'CORP\\{username}');
  assert.equal(subject, 'CORP\\jdoe is cn=Jo Doe,dc=example,dc=com');
});

test('ldap direct bind - a directory that does not say who is bound is no proof of who they are', async () => {
  await assert.rejects(subjectOf({ whoAmI: '' }), { code: 'CONFIGURATION_INVALID' });
  await assert.rejects(subjectOf({}), { code: 'CONFIGURATION_INVALID' });
});

test('ldap direct bind - somebody who is bound and not found is nobody', async () => {
  await assert.rejects(subjectOf({ whoAmI: 'u:CORP\\*' }), { code: 'USER_UNKNOWN' });
});

test('ldap direct bind - an account of the same name in another domain is somebody else', async () => {
  const entries = ENTRIES.map(({ dn, attributes }) => ({
    dn,
    attributes: { ...attributes, 'msDS-PrincipalName': [`CORP\\${attributes.sAMAccountName[0]}`] },
  }));
  await assert.rejects(subjectOf({ entries, whoAmI: 'u:EU\\jdoe' }), { code: 'IDENTITY_MISMATCH' });
  assert.match(await subjectOf({ entries, whoAmI: 'u:corp\\JDoe' }), /is cn=Jo Doe/);
});

test('ldap direct bind - without a base it is still asked who is bound', async () => {
  const nothingRead = { searchBase: undefined };
  const bindName = '{username}@corp.example';
  await assert.rejects(subjectOf({ whoAmI: 'u:CORP\\jane' }, bindName, nothingRead), {
    code: 'IDENTITY_MISMATCH',
  });
  assert.equal(
    await subjectOf({ whoAmI: 'u:CORP\\JDoe' }, bindName, nothingRead),
    'jdoe@corp.example is jdoe',
  );
});
