import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { REFUSALS } from './refusal.ts';
import { parseIdentityResponse, type ResponseContext } from './response.ts';
import { CANARY, requestOf } from './testing/function-bench.ts';

const ROLE = 'arn:aws:iam::000000000000:role/transfer-user';
const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExample alice';
const DETAILS = '[{"Entry":"/","Target":"/demo-bucket/alice"}]';

const storageNames = new Set(['demo-bucket', 'b', 'fs-1']);
const password: ResponseContext = {
  request: requestOf(),
  domain: 'S3',
  roles: new Set([ROLE]),
  storageNames,
};
const keyLookup: ResponseContext = { ...password, request: requestOf({ password: undefined }) };
const efs: ResponseContext = { ...password, domain: 'EFS' };

function grantOf(answer: unknown, context = password) {
  const result = parseIdentityResponse(answer, context);
  assert.equal(result.outcome, 'granted', result.outcome === 'refused' ? result.reason : '');
  return result;
}

function codeOf(answer: unknown, context = password): string {
  const result = parseIdentityResponse(answer, context);
  return result.outcome === 'refused' ? result.code : result.outcome;
}

const REFUSED: readonly (readonly [
  name: string,
  code: keyof typeof REFUSALS,
  answer: unknown,
  context?: ResponseContext,
])[] = [
  ['nothing', 'CONTRACT_VIOLATION', undefined],
  ['null', 'CONTRACT_VIOLATION', null],
  ['true', 'CONTRACT_VIOLATION', true],
  ['a string that holds JSON', 'CONTRACT_VIOLATION', JSON.stringify({ Role: ROLE })],
  ['an array', 'CONTRACT_VIOLATION', [{ Role: ROLE }]],
  ['an empty object', 'NOT_AUTHENTICATED', {}],
  ['an empty Role', 'NOT_AUTHENTICATED', { Role: '', HomeDirectory: '', Status: 'DENIED' }],
  ['a blank Role', 'NOT_AUTHENTICATED', { Role: ' \t' }],
  ['a null Role', 'NOT_AUTHENTICATED', { Role: null }],
  ['an inherited Role', 'NOT_AUTHENTICATED', Object.create({ Role: ROLE })],
  ['a Role that is no string', 'ROLE_INVALID', { Role: { Arn: ROLE } }],
  ['a Role that is no ARN', 'ROLE_INVALID', { Role: 'transfer-user-role-of-ours' }],
  ['a Role with a line break', 'ROLE_INVALID', { Role: `${ROLE}\n` }],
  ['a Role that is too long', 'ROLE_INVALID', { Role: ROLE + 'x'.repeat(2048) }],
  ['a Role that is not configured', 'ROLE_UNKNOWN', { Role: 'arn:aws:iam::000000000000:role/admin' }],
  ['an unknown home type', 'HOME_TYPE_INVALID', { Role: ROLE, HomeDirectoryType: 'logical' }],
  ['LOGICAL without details', 'HOME_DETAILS_MISSING', { Role: ROLE, HomeDirectoryType: 'LOGICAL' }],
  [
    'LOGICAL with no mappings',
    'HOME_DETAILS_MISSING',
    { Role: ROLE, HomeDirectoryType: 'LOGICAL', HomeDirectoryDetails: '[]' },
  ],
  [
    'details that are not JSON',
    'HOME_DETAILS_INVALID',
    { Role: ROLE, HomeDirectoryType: 'LOGICAL', HomeDirectoryDetails: '[{' },
  ],
  [
    'details that are an object',
    'HOME_DETAILS_INVALID',
    { Role: ROLE, HomeDirectoryType: 'LOGICAL', HomeDirectoryDetails: { Entry: '/' } },
  ],
  [
    'details of wrong items',
    'HOME_DETAILS_INVALID',
    { Role: ROLE, HomeDirectoryType: 'LOGICAL', HomeDirectoryDetails: '[1]' },
  ],
  [
    'details without Target',
    'HOME_DETAILS_INVALID',
    { Role: ROLE, HomeDirectoryType: 'LOGICAL', HomeDirectoryDetails: '[{"Entry":"/"}]' },
  ],
  [
    'details of an unknown Type',
    'HOME_DETAILS_INVALID',
    {
      Role: ROLE,
      HomeDirectoryType: 'LOGICAL',
      HomeDirectoryDetails: '[{"Entry":"/","Target":"/b","Type":"LINK"}]',
    },
  ],
  [
    'details over 2.1 MB',
    'HOME_DETAILS_TOO_LARGE',
    { Role: ROLE, HomeDirectoryType: 'LOGICAL', HomeDirectoryDetails: ' '.repeat(2_100_000) + DETAILS },
  ],
  ['details without LOGICAL', 'HOME_DETAILS_UNEXPECTED', { Role: ROLE, HomeDirectoryDetails: DETAILS }],
  [
    'a mapping the files room refuses',
    'HOME_INVALID',
    { Role: ROLE, HomeDirectoryType: 'LOGICAL', HomeDirectoryDetails: '[{"Entry":"/","Target":"/b/../c"}]' },
  ],
  ['a home directory that is no string', 'HOME_INVALID', { Role: ROLE, HomeDirectory: 7 }],
  ['EFS without a POSIX profile', 'POSIX_PROFILE_MISSING', { Role: ROLE }, efs],
  ['EFS with an empty POSIX profile', 'POSIX_PROFILE_MISSING', { Role: ROLE, PosixProfile: '' }, efs],
  [
    'a POSIX profile as JSON text',
    'POSIX_PROFILE_INVALID',
    { Role: ROLE, PosixProfile: '{"Uid":1001,"Gid":1001}' },
    efs,
  ],
  ['a POSIX profile without Gid', 'POSIX_PROFILE_INVALID', { Role: ROLE, PosixProfile: { Uid: 1 } }, efs],
  ['a negative Uid', 'POSIX_PROFILE_INVALID', { Role: ROLE, PosixProfile: { Uid: -1, Gid: 1 } }, efs],
  ['a broken Uid', 'POSIX_PROFILE_INVALID', { Role: ROLE, PosixProfile: { Uid: 1.5, Gid: 1 } }, efs],
  [
    'a Uid over 32 bits',
    'POSIX_PROFILE_INVALID',
    { Role: ROLE, PosixProfile: { Uid: 4294967296, Gid: 1 } },
    efs,
  ],
  [
    'an octal-looking Uid',
    'POSIX_PROFILE_INVALID',
    { Role: ROLE, PosixProfile: { Uid: '0x10', Gid: 1 } },
    efs,
  ],
  [
    '17 secondary groups',
    'POSIX_PROFILE_INVALID',
    { Role: ROLE, PosixProfile: { Uid: 1, Gid: 1, SecondaryGids: Array(17).fill(5) } },
    efs,
  ],
  ['no keys for a key login', 'PUBLIC_KEYS_MISSING', { Role: ROLE }, keyLookup],
  ['empty keys for a key login', 'PUBLIC_KEYS_MISSING', { Role: ROLE, PublicKeys: ['', ' '] }, keyLookup],
  ['keys as one string', 'PUBLIC_KEYS_INVALID', { Role: ROLE, PublicKeys: KEY }, keyLookup],
  ['a key that is no string', 'PUBLIC_KEYS_INVALID', { Role: ROLE, PublicKeys: [KEY, 7] }, keyLookup],
  [
    'a key that is too long',
    'PUBLIC_KEYS_INVALID',
    { Role: ROLE, PublicKeys: [KEY + 'A'.repeat(8192)] },
    keyLookup,
  ],
  ['51 keys', 'PUBLIC_KEYS_TOO_MANY', { Role: ROLE, PublicKeys: Array(51).fill(KEY) }, keyLookup],
  ['a policy as an object', 'POLICY_INVALID', { Role: ROLE, Policy: { Version: '2012-10-17' } }],
  ['a policy that is not JSON', 'POLICY_INVALID', { Role: ROLE, Policy: 'allow all' }],
  ['a policy that is a JSON array', 'POLICY_INVALID', { Role: ROLE, Policy: '[]' }],
  [
    'a policy over 2,048 characters',
    'POLICY_TOO_LONG',
    { Role: ROLE, Policy: `{"Sid":"${'x'.repeat(2048)}"}` },
  ],
];

for (const [name, code, answer, context] of REFUSED) {
  test(`refusal - ${name} is ${code}`, () => assert.equal(codeOf(answer, context), code));
}

test('grant - the smallest answer is a Role: home is the root, PATH', () => {
  assert.deepEqual(grantOf({ Role: ROLE }), {
    outcome: 'granted',
    grant: { userName: 'alice', role: ROLE, home: { type: 'PATH', directory: '/' }, publicKeys: [] },
    warnings: [],
  });
});

test('grant - a full key answer of the EFS domain', () => {
  const answer = {
    Role: ROLE,
    PublicKeys: ['', `${KEY}\n`],
    PosixProfile: { Uid: 2030, Gid: 0, SecondaryGids: [100, 4294967295] },
    HomeDirectoryType: 'LOGICAL',
    HomeDirectoryDetails:
      '[{"Entry":"/in","Target":"/fs-1/in"},{"Entry":"/a.txt","Target":"/fs-1/a","Type":"FILE"}]',
    HomeDirectory: '/in',
    Unknown: 1,
  };
  assert.deepEqual(grantOf(answer, { ...keyLookup, domain: 'EFS' }), {
    outcome: 'granted',
    grant: {
      userName: 'alice',
      role: ROLE,
      home: {
        type: 'LOGICAL',
        directory: '/in',
        mappings: [
          { entry: '/in', target: '/fs-1/in', type: 'DIRECTORY' },
          { entry: '/a.txt', target: '/fs-1/a', type: 'FILE' },
        ],
      },
      posixProfile: { uid: 2030, gid: 0, secondaryGids: [100, 4294967295] },
      publicKeys: [KEY],
    },
    warnings: [],
  });
});

test('grant - what the AWS samples send for "nothing" is nothing', () => {
  const answer = {
    Role: ROLE,
    Policy: '',
    PosixProfile: '',
    PublicKeys: [''],
    HomeDirectory: '',
    HomeDirectoryType: '',
    HomeDirectoryDetails: '[]',
  };
  const { grant, warnings } = grantOf(answer);
  assert.deepEqual(
    { ...grant },
    { userName: 'alice', role: ROLE, home: { type: 'PATH', directory: '/' }, publicKeys: [] },
  );
  assert.deepEqual(warnings, []);
});

test('home - a target in a storage that is not configured is refused with its name', () => {
  const details = '[{"Entry":"/","Target":"/other-bucket/alice"}]';
  const result = parseIdentityResponse(
    { Role: ROLE, HomeDirectoryType: 'LOGICAL', HomeDirectoryDetails: details },
    password,
  );
  assert.equal(result.outcome, 'refused');
  assert.equal(result.code, 'HOME_INVALID');
  assert.match(result.reason, /STORAGE_UNKNOWN.*other-bucket/);
});

test('grant - is frozen', () => {
  const { grant } = grantOf({ Role: ROLE });
  assert.ok(Object.isFrozen(grant) && Object.isFrozen(grant.publicKeys));
});

test('oddity - mappings as an array are accepted with a warning', () => {
  const { grant, warnings } = grantOf({
    Role: ROLE,
    HomeDirectoryType: 'LOGICAL',
    HomeDirectoryDetails: JSON.parse(DETAILS),
  });
  assert.equal(grant.home.type, 'LOGICAL');
  assert.match(warnings.join(), /HomeDirectoryDetails is an array/);
});

test('oddity - quoted POSIX ids are accepted with a warning', () => {
  const { grant, warnings } = grantOf({ Role: ROLE, PosixProfile: { Uid: '65534', Gid: 7 } }, efs);
  assert.deepEqual(grant.posixProfile, { uid: 65534, gid: 7, secondaryGids: [] });
  assert.match(warnings.join(), /Uid is a string/);
});

test('oddity - keys in a password answer are ignored with a warning', () => {
  const { grant, warnings } = grantOf({ Role: ROLE, PublicKeys: [KEY] });
  assert.deepEqual(grant.publicKeys, []);
  assert.match(warnings.join(), /must not be returned for a password login/);
});

test('policy - is carried as sent for S3 and ignored with a warning for EFS', () => {
  const Policy = '{"Version":"2012-10-17","Statement":[]}';
  assert.equal(grantOf({ Role: ROLE, Policy }).grant.policy, Policy);
  const { grant, warnings } = grantOf({ Role: ROLE, Policy, PosixProfile: { Uid: 1, Gid: 1 } }, efs);
  assert.equal(grant.policy, undefined);
  assert.match(warnings.join(), /S3 only/);
});

test('posix profile - has no effect for S3, whatever it is', () => {
  assert.equal(grantOf({ Role: ROLE, PosixProfile: '{"Uid":1}' }).grant.posixProfile, undefined);
});

test('reason - quotes the answer shortly and never the password', () => {
  const result = parseIdentityResponse({ Role: `not a role ${CANARY} ${'x'.repeat(5000)}` }, password);
  assert.equal(result.outcome, 'refused');
  assert.ok(result.reason.includes('not a role [password]'), result.reason);
  assert.ok(!result.reason.includes('c4nary') && result.reason.length < 600, result.reason);
});

test('answer - whatever JSON comes back is a grant of a configured role or a refusal, never an exception', () => {
  const member = fc.oneof(fc.jsonValue(), fc.constantFrom(ROLE, DETAILS, 'LOGICAL', 'PATH', KEY));
  const names = [
    'Role',
    'HomeDirectoryType',
    'HomeDirectoryDetails',
    'HomeDirectory',
    'PosixProfile',
    'PublicKeys',
    'Policy',
  ];
  const answers = fc.oneof(fc.jsonValue(), fc.dictionary(fc.constantFrom(...names), member));
  fc.assert(
    fc.property(answers, fc.constantFrom(password, keyLookup, efs), (answer, context) => {
      const result = parseIdentityResponse(answer, context);
      if (result.outcome === 'granted') assert.equal(result.grant.role, ROLE);
      else assert.ok(result.code in REFUSALS && result.reason !== '');
    }),
  );
});
