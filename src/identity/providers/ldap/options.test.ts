import assert from 'node:assert/strict';
import test from 'node:test';
import { ldapOptions } from './options.ts';
import { PRESETS } from './presets.ts';
import { settle } from './settings.ts';

const GOOD = {
  servers: ['ldaps://dc1.corp.example'],
  service: { method: 'none' },
  searchBase: 'dc=example',
};

function problemsOf(more: Record<string, unknown>): string {
  const { error } = ldapOptions.safeParse({ ...GOOD, ...more });
  return error?.issues.map(({ path, message }) => `${path.join('.')} ${message}`).join('; ') ?? '';
}

test('ldap options - filters of every preset are ones that can be set', () => {
  for (const preset of PRESETS) {
    const { userFilter, groups } = settle(ldapOptions.parse({ ...GOOD, preset }));
    assert.equal(problemsOf({ userFilter, groups: { filter: groups.filter } }), '');
  }
});

for (const [title, more, problem] of [
  ['an ldap URL without TLS', { servers: ['ldap://dc1.corp.example'] }, /ldaps or startTls/],
  ['a URL with a password', { servers: ['ldaps://cn=x:pw@dc1'] }, /LDAP URL/],
  ['a filter without the name', { userFilter: '(uid=jdoe)' }, /everybody/],
  ['a filter with an unknown place', { userFilter: '(uid={user})' }, /may hold only/],
  ['a filter that is none', { userFilter: '(uid={username}' }, /not a search filter/],
  ['attributes that hold passwords', { attributes: ['userPassword'] }, /never read/],
  ['direct without a name to bind', { mode: 'direct' }, /bindName is needed/],
  ['a name to bind of no known form', { mode: 'direct', bindName: '{username}' }, /none of/],
  ['search without a base', { searchBase: undefined }, /searchBase is needed/],
  [
    'a condition on an entry that is not read',
    {
      mode: 'direct',
      bindName: '{username}@x.y',
      service: undefined,
      searchBase: undefined,
      allowedGroups: ['a'],
    },
    /searchBase is needed for/,
  ],
  ['external without a certificate', { service: { method: 'external' } }, /client certificate/],
  [
    'two passwords',
    { service: { method: 'simple', dn: 'cn=x', password: 'a', passwordFile: 'b' } },
    /either/,
  ],
] as const)
  test(`ldap options - ${title} is a mistake`, () => assert.match(problemsOf(more), problem));
