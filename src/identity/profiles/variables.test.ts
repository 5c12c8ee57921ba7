import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { homeSpec } from '../../files/home-mapping.ts';
import { compilePolicy } from '../../policy/index.ts';
import type { Person } from '../providers/provider.ts';
import type { SessionProfile } from '../records/record.ts';
import { EMPTY_RECORD } from './layers.ts';
import { loginOf, personOf, ROLE, SERVER_ID } from './testing/people.ts';
import { checkVariables, expandRecord } from './variables.ts';

function expand(session: SessionProfile, changes: Partial<Person> = {}, group?: string): SessionProfile {
  const context = {
    person: personOf(changes),
    login: loginOf(),
    provider: 'corp',
    ...(group === undefined ? {} : { group }),
  };
  return expandRecord({ ...EMPTY_RECORD, session }, context).session;
}

const attribute = (value: string): Partial<Person> => ({ attributes: new Map([['Dept', [value]]]) });
const home = (Target: string): SessionProfile => ({
  home: { type: 'LOGICAL', details: [{ Entry: '/', Target }] },
});
const targetOf = (session: SessionProfile) => session.home?.details?.[0]?.Target;
const policy = (resource: string, version = '2012-10-17') =>
  JSON.stringify({
    Version: version,
    Statement: [{ Effect: 'Allow', Action: 's3:GetObject', Resource: resource }],
  });
const invalid = { name: 'Denied', code: 'RECORD_INVALID' };

test('variables - each stands for what it says', () => {
  const expected = [
    ['${user:name}', 'jdoe@example.com'],
    ['${user:local-name}', 'jdoe'],
    ['${user:domain}', 'example.com'],
    ['${user:subject}', '00u1jdoe'],
    ['${user:provider}', 'corp'],
    ['${user:group}', 'staff'],
    ['${user:attribute.dept}', 'sales'],
    ['${server:id}', SERVER_ID],
  ] as const;
  for (const [variable, value] of expected)
    assert.equal(
      targetOf(expand(home(`/b/x-${variable}/y`), attribute('sales'), 'staff')),
      `/b/x-${value}/y`,
    );
});

test('variables - those of the server are left to it', () => {
  assert.equal(
    targetOf(expand(home('/b/${transfer:UserName}/${Transfer:HomeFolder}'))),
    '/b/${transfer:UserName}/${Transfer:HomeFolder}',
  );
});

test('variables - unknown, unclosed and missing ones make the record unusable', () => {
  for (const text of [
    '${user:shoe-size}',
    '${server:name}',
    '${HOME}',
    '${aws:username}',
    '${user:name',
    '${user:group}',
    '${user:attribute.none}',
    '${constructor}',
  ])
    assert.throws(() => expand(home(`/b/${text}`)), invalid, text);
});

test('variables - an attribute with two values has no value', () => {
  assert.throws(
    () => expand(home('/b/${user:attribute.dept}'), { attributes: new Map([['dept', ['a', 'b']]]) }),
    invalid,
  );
});

test('variables - a value in a home is one name', () => {
  for (const value of [
    '',
    ' ',
    '.',
    '..',
    'a/b',
    '/',
    'a\\b',
    'a\0',
    'a\nb',
    '\u202eabc',
    '${transfer:UserName}',
    '\ud800',
    'x'.repeat(256),
  ])
    assert.throws(
      () => expand(home('/b/${user:attribute.dept}'), attribute(value)),
      invalid,
      JSON.stringify(value),
    );
  assert.equal(
    targetOf(expand(home('/b/${user:attribute.dept}'), attribute('Käse & Co. $1 $&'))),
    '/b/Käse & Co. $1 $&',
  );
});

test('variables - no value leaves the directory that was written', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (value) => {
      let target: string | undefined;
      try {
        target = targetOf(expand(home('/bucket/team/${user:attribute.dept}'), attribute(value)));
      } catch {
        return;
      }
      const spec = homeSpec(
        {
          userName: 'jdoe',
          type: 'LOGICAL',
          mappings: [{ entry: '/', target: target ?? '', type: 'DIRECTORY' }],
        },
        new Set(['bucket']),
      );
      assert.equal(spec.type === 'LOGICAL' && spec.mappings[0]?.target, `/bucket/team/${value}`);
    }),
  );
});

test('variables - a value in a role chooses neither account nor path', () => {
  const role = 'arn:aws:iam::111122223333:role/sftp-${user:attribute.dept}';
  for (const value of ['a/b', 'a:b', '*', 'a b', 'é', 'x'.repeat(65)])
    assert.throws(() => expand({ role }, attribute(value)), invalid, value);
  assert.equal(expand({ role }, attribute('sales')).role, 'arn:aws:iam::111122223333:role/sftp-sales');
});

test('variables - a value in a policy is no JSON and no wildcard', () => {
  const { policy: text = '' } = expand(
    { policy: policy('arn:aws:s3:::b/${user:attribute.dept}/*') },
    attribute('a"],*?$b'),
  );
  assert.equal(JSON.parse(text).Statement[0].Resource, 'arn:aws:s3:::b/a"],${*}${?}${$}b/*');
  assert.equal(compilePolicy(text).allowances.length, 1);
});

test('variables - an older policy has no way to write a star that is none', () => {
  const old = policy('arn:aws:s3:::b/${user:attribute.dept}', '2008-10-17');
  assert.throws(() => expand({ policy: old }, attribute('*')), invalid);
  assert.match(expand({ policy: old }, attribute('sales')).policy ?? '', /b\/sales/);
});

test('variables - a policy without ours stays as it was written', () => {
  const text = `{ "Version": "2012-10-17",  "Statement": [{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::\${transfer:HomeBucket}/\${aws:username}/\${*}"}] }`;
  assert.equal(expand({ policy: text }).policy, text);
});

test('variables - a policy that says something twice is refused and not repaired', () => {
  assert.throws(() => expand({ policy: '{"Statement":[],"Statement":["${user:name}"]}' }), invalid);
});

test('variables - an escaped variable in a policy is one too', () => {
  const text = policy('arn:aws:s3:::b/X').replace('X', '\\u0024{user:local-name}');
  assert.match(expand({ policy: text }).policy ?? '', /b\/jdoe/);
});

test('variables - what there is not is found before anybody comes', () => {
  const check = (session: SessionProfile) => checkVariables({ ...EMPTY_RECORD, session });
  assert.throws(() => check(home('/b/${user:nmae}')), invalid);
  assert.throws(() => check({ role: `${ROLE}-\${user:name` }), invalid);
  assert.doesNotThrow(() =>
    check({ ...home('/b/${user:group}/${transfer:UserName}'), role: `${ROLE}-\${user:attribute.x}` }),
  );
});
