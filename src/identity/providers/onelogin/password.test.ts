import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { endsRefused, PASSWORD, personIn } from '../testing/provider-bench.ts';
import { oneLoginOptions } from './options.ts';
import { OneLoginBench, userWith } from './testing/bench.ts';

const AUTH = /\/login\/auth$/;
const TOKEN = /\/token$/;
const altered = (json: unknown, status = 200) =>
  ({ kind: 'altered', alter: () => ({ status, json }) }) as const;

test('onelogin - a right password proves the user by their id', async () => {
  await using bench = await OneLoginBench.start();
  const person = personIn(await bench.password());
  assert.deepEqual([person.subject, person.userName, person.proofs], ['42', 'jdoe', ['password']]);
  assert.deepEqual(person.attributes.get('email'), ['jdoe@example.com']);
});

test('onelogin - a wrong password, an unknown user and a locked account are refused with one attempt each', async () => {
  await using bench = await OneLoginBench.start([userWith({ maxFailures: 2 })]);
  await bench.assertRefused(bench.password('wrong'), 'BAD_CREDENTIALS');
  await bench.assertRefused(bench.password(PASSWORD, { userName: 'nobody' }), 'BAD_CREDENTIALS');
  await bench.assertRefused(bench.password('wrong'), 'BAD_CREDENTIALS');
  assert.equal(bench.simulator.failuresOf('jdoe'), 2);
  await bench.assertRefused(bench.password(), 'ACCOUNT_LOCKED');
  assert.equal(bench.count(/auth 401$/), 4);
});

for (const [status, code] of [
  [2, 'ACCOUNT_DISABLED'],
  [3, 'ACCOUNT_LOCKED'],
  [4, 'PASSWORD_EXPIRED'],
] as const) {
  test(`onelogin - a user with status ${status} is refused as ${code}, with a key too`, async () => {
    await using bench = await OneLoginBench.start([userWith({ status })], { readUsers: true });
    await bench.assertRefused(bench.password(), code);
    await bench.assertRefused(bench.lookUp(), code);
  });
}

test('onelogin - without mfa a user who needs a second factor is refused, and nobody’s phone rings', async () => {
  const push = { ends: 'approve', afterPolls: 1 } as const;
  const devices = [{ id: 1, type: 'OneLogin Protect', code: '1', push }] as const;
  await using bench = await OneLoginBench.start([userWith({ devices })]);
  await bench.assertRefused(bench.password(), 'MFA_REQUIRED');
  assert.equal(bench.simulator.pushCount, 0);
});

test('onelogin - the bearer is used again for an hour at most', async () => {
  await using bench = await OneLoginBench.start();
  await bench.password();
  await bench.password();
  assert.equal(bench.simulator.tokenCount, 1);
  bench.clock.pass(3600);
  await bench.password();
  assert.equal(bench.simulator.tokenCount, 2);
});

test('onelogin - a bearer that is refused is no wrong password, and is renewed for the next login only', async () => {
  await using bench = await OneLoginBench.start();
  await bench.password();
  bench.simulator.revokeBearers();
  await bench.assertRefused(bench.password(), 'CONFIGURATION_INVALID');
  assert.equal(bench.count(/login\/auth/), 2);
  assert.equal(personIn(await bench.password()).subject, '42');
});

test('onelogin - API credentials that are refused are our fault', async () => {
  await using bench = await OneLoginBench.start([userWith()], { clientSecret: 'canary-5d0e-wrong' });
  await bench.assertRefused(bench.password(), 'CONFIGURATION_INVALID');
  const check = bench.provider.check?.(AbortSignal.timeout(5000)) ?? assert.fail();
  await bench.assertRefused(check, 'CONFIGURATION_INVALID');
  assert.equal(bench.count(/login\/auth/), 0);
});

test('onelogin - limits, other errors and pages of proxies have their codes', async () => {
  await using bench = await OneLoginBench.start();
  const cases = [
    [altered({}, 429), 'THROTTLED'],
    [
      altered({ statusCode: 403, name: 'Forbidden', message: 'Insufficient Permission' }, 403),
      'CONFIGURATION_INVALID',
    ],
    [altered({ status: { message: { description: 'bad request' } } }, 400), 'CONFIGURATION_INVALID'],
    [altered({ message: 'Failed', statusCode: 401, name: 'Unauthorized' }, 401), 'BAD_CREDENTIALS'],
    [{ kind: 'html', status: 401 }, 'UPSTREAM_ANSWER_INVALID'],
    [{ kind: 'html', status: 502 }, 'UPSTREAM_FAILED'],
    [{ kind: 'truncated' }, 'UPSTREAM_ANSWER_INVALID'],
    [{ kind: 'drop' }, 'UPSTREAM_UNREACHABLE'],
    [{ kind: 'redirect', to: 'https://example.com' }, 'UPSTREAM_FAILED'],
  ] as const;
  for (const [fault, code] of cases) {
    bench.simulator.failNext(AUTH, fault);
    await bench.assertRefused(bench.password(), code);
  }
});

for (const after of ['request', 'headers'] as const) {
  test(`onelogin - an answer that stops after the ${after} times out`, async () => {
    await using bench = await OneLoginBench.start();
    bench.simulator.failNext(AUTH, { kind: 'silence', after });
    await bench.assertRefused(bench.password(), 'UPSTREAM_TIMED_OUT');
  });
}

const GOOD = {
  status: { error: false, code: 200, type: 'success', message: 'Success' },
  data: [
    { status: 'Authenticated', session_token: 'canary-5d0e-session', user: { id: 42, username: 'jdoe' } },
  ],
};

test('onelogin - a success without session token, user or the word is none', async () => {
  await using bench = await OneLoginBench.start();
  const [data] = GOOD.data;
  const wrong = [
    { ...GOOD, status: { ...GOOD.status, error: true } },
    { ...GOOD, status: { ...GOOD.status, type: 'pending' } },
    { ...GOOD, data: [] },
    { ...GOOD, data: [data, data] },
    { ...GOOD, data: [{ ...data, session_token: '' }] },
    { ...GOOD, data: [{ ...data, status: 'Pending' }] },
    { ...GOOD, data: [{ ...data, user: { username: 'jdoe' } }] },
  ];
  for (const json of wrong) {
    bench.simulator.failNext(AUTH, altered(json));
    await bench.assertRefused(bench.password(), 'UPSTREAM_ANSWER_INVALID');
  }
});

test('onelogin - any value in any member of an answer is refused or harmless', async () => {
  await using bench = await OneLoginBench.start();
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('status', 'data', 'data.status', 'data.session_token', 'data.user'),
      fc.jsonValue(),
      async (member, value) => {
        bench.simulator.failNext(AUTH, altered(withMember(member, value)));
        const isText = member === 'data.session_token' && typeof value === 'string' && value !== '';
        assert.ok((await endsRefused(bench.password())) || isText);
      },
    ),
    { numRuns: 60 },
  );
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), async (value) => {
      bench.clock.pass(3600);
      bench.simulator.failNext(TOKEN, altered(value));
      assert.ok(await endsRefused(bench.password()));
    }),
    { numRuns: 30 },
  );
});

function withMember(member: string, value: unknown): object {
  const [, inner] = member.split('.');
  return inner === undefined
    ? { ...GOOD, [member]: value }
    : { ...GOOD, data: [{ ...GOOD.data[0], [inner]: value }] };
}

test('onelogin - users are read for attributes and roles, by name or e-mail address', async () => {
  const users = [
    userWith({ roleIds: [7, 9], customAttributes: { sftp_uid: '2030' } }),
    userWith({ id: 43, username: 'jdoe2', email: 'jdoe2@example.com' }),
  ];
  await using bench = await OneLoginBench.start(users, { readUsers: true });
  const person = personIn(await bench.password());
  assert.deepEqual(person.attributes.get('sftp_uid'), ['2030']);
  assert.deepEqual(person.groups, [
    { id: '7', name: '7' },
    { id: '9', name: '9' },
  ]);
  assert.equal((await bench.lookUp({ userName: 'JDOE2' }))?.subject, '43');
  assert.equal((await bench.lookUp({ userName: 'jdoe@example.com' }))?.subject, '42');
  await bench.assertRefused(bench.lookUp({ userName: 'nobody' }), 'USER_UNKNOWN');
  assert.equal(bench.count(/login\/auth/), 1);
});

test('onelogin - two users with one address are nobody, and without users nobody is looked up', async () => {
  const users = [userWith(), userWith({ id: 43, username: 'other' })];
  await using bench = await OneLoginBench.start(users, { readUsers: true });
  await bench.assertRefused(bench.lookUp({ userName: 'jdoe@example.com' }), 'USER_AMBIGUOUS');
  await using without = await OneLoginBench.start();
  assert.equal(await without.lookUp(), undefined);
});

test('onelogin - any value in the place of users is refused or harmless', async () => {
  await using bench = await OneLoginBench.start([userWith()], { readUsers: true });
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), fc.constantFrom(/users$/, /users\/42$/), async (value, path) => {
      bench.simulator.failNext(path, altered(value));
      assert.ok(await endsRefused(bench.lookUp()));
    }),
    { numRuns: 40 },
  );
});

test('onelogin options - a URL that is not the account’s is refused', () => {
  const base = { url: 'https://example.onelogin.com', clientId: 'a', clientSecret: 'b' };
  assert.ok(oneLoginOptions.safeParse(base).success);
  for (const url of [
    'http://example.onelogin.com',
    'https://example.onelogin.com/api',
    'https://login.example.com',
  ])
    assert.equal(oneLoginOptions.safeParse({ ...base, url }).success, false, url);
});

test('onelogin - somebody else than the user of the login is refused, whatever name of theirs OneLogin took', async () => {
  await using bench = await OneLoginBench.start();
  const answered = (user: object) =>
    bench.simulator.failNext(
      AUTH,
      altered({ ...GOOD, data: [{ ...GOOD.data[0], user: { id: 43, ...user } }] }),
    );
  for (const user of [{ username: 'other', email: 'other@example.com' }, {}, { username: 'jdoe2' }]) {
    answered(user);
    await bench.assertRefused(bench.password(), 'IDENTITY_MISMATCH');
  }
  answered({ username: 'JDoe' });
  assert.equal(personIn(await bench.password()).subject, '43');
  answered({ username: 'other', email: 'jdoe' });
  assert.equal(personIn(await bench.password()).subject, '43');
  await using byName = await OneLoginBench.start([userWith()], { names: ['username'] });
  const mail = { userName: 'jdoe@example.com' };
  await byName.assertRefused(byName.password(PASSWORD, mail), 'IDENTITY_MISMATCH');
});

test('onelogin - a name that is one user’s and another’s address is nobody’s', async () => {
  const users = [
    userWith({ username: 'jdoe@example.com', email: 'john@example.com' }),
    userWith({ id: 43, username: 'mallory', email: 'jdoe@example.com' }),
  ];
  await using bench = await OneLoginBench.start(users, { readUsers: true });
  const mail = { userName: 'jdoe@example.com' };
  await bench.assertRefused(bench.lookUp(mail), 'USER_AMBIGUOUS');
  await using byName = await OneLoginBench.start(users, { readUsers: true, names: ['username'] });
  assert.equal((await byName.lookUp(mail))?.subject, '42');
});
