import assert from 'node:assert/strict';
import test from 'node:test';
import { IdentityFault } from '../../decision.ts';
import type { Person } from '../provider.ts';
import { createLdapProvider } from './provider.ts';
import { Clock, loginOf, optionsFor, sidBytes } from './testing/bench.ts';
import { ScriptedDirectory, type ScriptedEntry } from './testing/scripted-directory.ts';

const BASE = 'dc=example,dc=com';
const JDOE = `cn=Jo (Doe),${BASE}`;
const DOMAIN = 'S-1-5-21-1-2-3';

function group(name: string, member: readonly string[], rid: number): ScriptedEntry {
  const objectClass = ['group', 'groupOfNames'];
  return {
    dn: `cn=${name},${BASE}`,
    attributes: {
      cn: [name],
      objectClass,
      objectCategory: ['group'],
      member,
      objectSid: [sidBytes(`${DOMAIN}-${rid}`)],
    },
  };
}

const USER: ScriptedEntry = {
  dn: JDOE,
  attributes: {
    objectClass: ['user'],
    objectCategory: ['person'],
    sAMAccountName: ['jdoe'],
    uid: ['jdoe'],
    gidNumber: ['4050'],
    userAccountControl: ['512'],
    objectGUID: [Buffer.from('33221100554477668899aabbccddeeff', 'hex')],
    objectSid: [sidBytes(`${DOMAIN}-1105`)],
    primaryGroupID: ['513'],
    memberOf: [`cn=uploaders,${BASE}`],
    tokenGroups: [sidBytes(`${DOMAIN}-513`), sidBytes(`${DOMAIN}-2001`), sidBytes('S-1-5-32-545')],
    altSecurityIdentities: ['SSHKey:ssh-ed25519 AAAA jdoe', 'X509:<I>CN=ca<S>CN=jdoe'],
  },
};

const GROUPS = [
  group('uploaders', [JDOE], 2001),
  group('partners', [`cn=uploaders,${BASE}`], 2002),
  // Groups may hold each other.
  group('everybody', [`cn=partners,${BASE}`, `cn=looped,${BASE}`], 2003),
  group('looped', [`cn=everybody,${BASE}`], 2004),
  group('Domain Users', [], 513),
  {
    dn: `cn=posix,${BASE}`,
    attributes: { cn: ['posix'], objectClass: ['posixGroup'], memberUid: ['jdoe'], gidNumber: ['7000'] },
  },
  {
    dn: `cn=primary,${BASE}`,
    attributes: { cn: ['primary'], objectClass: ['posixGroup'], gidNumber: ['4050'] },
  },
];

async function personWith(options: Record<string, unknown>, user = USER): Promise<Person> {
  await using directory = await ScriptedDirectory.start({
    entries: [{ dn: BASE, attributes: {} }, user, ...GROUPS],
    onBind: () => ({ code: 0 }),
  });
  const provider = createLdapProvider(optionsFor([directory.url], options), new Clock().surroundings());
  try {
    const person = await provider.lookUp(loginOf('jdoe'));
    assert.ok(person !== undefined);
    return person;
  } finally {
    await provider.close();
  }
}

const namesOf = ({ groups }: Person) => groups.map(({ name }) => name).sort();

test('ldap groups - memberOf as it is', async () => {
  assert.deepEqual(namesOf(await personWith({})), ['uploaders']);
});

test('ldap groups - none, where groups are not asked for', async () => {
  assert.deepEqual(namesOf(await personWith({ groups: { strategy: 'none' } })), []);
});

test('ldap groups - search finds groups of names, of ids of users, and the one of the group id', async () => {
  assert.deepEqual(namesOf(await personWith({ groups: { strategy: 'search' } })), [
    'posix',
    'primary',
    'uploaders',
  ]);
});

test('ldap groups - nested ones level by level, and groups that hold each other end', async () => {
  const person = await personWith({ groups: { nested: 'recursive' } });
  assert.deepEqual(namesOf(person), ['everybody', 'looped', 'partners', 'uploaders']);
});

test('ldap groups - the rule of Active Directory finds nested ones, and the primary group is added', async () => {
  const person = await personWith({ preset: 'active-directory', groups: { nested: 'rule' } });
  assert.deepEqual(namesOf(person), ['Domain Users', 'everybody', 'looped', 'partners', 'uploaders']);
});

test('ldap groups - tokenGroups are SIDs, with names where the base has them', async () => {
  const person = await personWith({ preset: 'active-directory', groups: { strategy: 'tokenGroups' } });
  assert.deepEqual(person.groups, [
    { id: `${DOMAIN}-513`, name: 'Domain Users' },
    { id: `${DOMAIN}-2001`, name: 'uploaders' },
    { id: 'S-1-5-32-545', name: 'S-1-5-32-545' },
  ]);
});

test('ldap groups - an allowed group may be a SID', async () => {
  const options = { preset: 'active-directory', groups: { strategy: 'tokenGroups' } };
  await personWith({ ...options, allowedGroups: [`${DOMAIN}-2001`] });
  await assert.rejects(personWith({ ...options, allowedGroups: [`${DOMAIN}-2002`] }));
});

test('ldap groups - half a list is no list', async () => {
  const { memberOf: _, ...attributes } = USER.attributes;
  const cut = { dn: JDOE, attributes: { ...attributes, 'memberOf;range=0-1499': [`cn=uploaders,${BASE}`] } };
  await assert.rejects(
    personWith({}, cut),
    (error) => error instanceof IdentityFault && error.code === 'UPSTREAM_ANSWER_INVALID',
  );
});

test('ldap - of Active Directory ids are readable, and only keys of altSecurityIdentities are keys', async () => {
  const { subject, attributes } = await personWith({ preset: 'active-directory' });
  assert.equal(subject, '00112233-4455-6677-8899-aabbccddeeff');
  assert.deepEqual(attributes.get('objectSid'), [`${DOMAIN}-1105`]);
  assert.deepEqual(attributes.get('sshPublicKey'), ['ssh-ed25519 AAAA jdoe']);
});

test('ldap - in Active Directory nobody gets in whose state we may not read', async () => {
  const { userAccountControl: _, ...attributes } = USER.attributes;
  await assert.rejects(personWith({ preset: 'active-directory' }, { dn: JDOE, attributes }), {
    code: 'RECORD_INVALID',
  });
});
