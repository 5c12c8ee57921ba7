import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DENIALS, type DenialCode, Denied, FAULTS, type FaultCode, IdentityFault } from '../decision.ts';
import type { Login, Person, Step } from '../providers/provider.ts';
import type { UserRecord } from '../records/record.ts';
import type { Secret } from '../secret.ts';
import {
  CANARY,
  FakeProvider,
  FunctionBench,
  NOON_MS,
  personOf,
  RECORD,
  ROLE,
  verified,
} from './testing/function-bench.ts';

const PASSWORD = { password: CANARY };
const KEY = { line: 'ssh-ed25519 AAAA jdoe' };

const isCode = (text: string): text is DenialCode => Object.hasOwn(DENIALS, text);

test('function - a grant has the members of the contract, texts where it says texts', async () => {
  const record: UserRecord = {
    ...RECORD,
    publicKeys: [KEY],
    session: {
      role: ROLE,
      policy: '{"Version":"2012-10-17","Statement":[]}',
      home: {
        type: 'LOGICAL',
        directory: '/in',
        details: [{ Entry: '/in', Target: '/demo-bucket/${transfer:UserName}' }],
      },
      posixProfile: { uid: 2030, gid: 2030, secondaryGids: [4050] },
    },
  };
  const { answer } = await new FunctionBench({ record }).ask(PASSWORD);
  assert.deepEqual(answer, {
    Role: ROLE,
    Policy: '{"Version":"2012-10-17","Statement":[]}',
    HomeDirectoryType: 'LOGICAL',
    HomeDirectory: '/in',
    HomeDirectoryDetails: '[{"Entry":"/in","Target":"/demo-bucket/${transfer:UserName}"}]',
    PosixProfile: { Uid: 2030, Gid: 2030, SecondaryGids: [4050] },
  });
});

test('function - keys are answered to a look-up and never to a password', async () => {
  const file = new FakeProvider();
  const bench = new FunctionBench({ providers: { file }, record: { ...RECORD, publicKeys: [KEY, KEY] } });
  assert.deepEqual((await bench.ask(PASSWORD)).answer, { Role: ROLE });
  for (const event of [{}, { password: '' }, { password: null }])
    assert.deepEqual((await bench.ask(event)).answer, { Role: ROLE, PublicKeys: [KEY.line] });
  assert.deepEqual(file.asked, ['password jdoe', 'lookUp jdoe', 'lookUp jdoe', 'lookUp jdoe']);
});

test('function - a look-up calls nothing that judges a password, and a password no look-up', async () => {
  const never = () => Promise.reject(new Error('asked'));
  const record = { ...RECORD, publicKeys: [KEY] };
  const byKey = new FunctionBench({
    record,
    providers: { file: new FakeProvider({ password: never, begin: never, answers: never }) },
  });
  assert.equal(await byKey.codeOf({}), 'GRANTED');
  const byPassword = new FunctionBench({ record, providers: { file: new FakeProvider({ lookUp: never }) } });
  assert.equal(await byPassword.codeOf(PASSWORD), 'GRANTED');
});

test('function - expired keys, none, and a person that is not there are no login', async () => {
  const keys = (publicKeys: UserRecord['publicKeys']) =>
    new FunctionBench({ record: { ...RECORD, publicKeys } });
  assert.equal(await keys([]).codeOf({}), 'NO_KEYS');
  assert.equal(await keys([{ ...KEY, expiresAtMs: NOON_MS }]).codeOf({}), 'NO_KEYS');
  const both = await keys([KEY, { line: 'ssh-ed25519 BBBB', expiresAtMs: NOON_MS }]).ask({});
  assert.deepEqual(both.answer, { Role: ROLE, PublicKeys: [KEY.line] });
  const lookUp = () => Promise.reject(new Denied('ACCOUNT_DISABLED'));
  const disabled = new FunctionBench({
    record: { ...RECORD, publicKeys: [KEY] },
    providers: { file: new FakeProvider({ lookUp }) },
  });
  assert.equal(await disabled.codeOf({}), 'ACCOUNT_DISABLED');
});

test('function - without keys a look-up is answered where that is allowed', async () => {
  const { answer } = await new FunctionBench({ rules: { keysOptional: true } }).ask({});
  assert.deepEqual(answer, { Role: ROLE });
});

test('function - records speak for keys where the provider cannot look people up', async () => {
  const file = new FakeProvider({ lookUp: async () => undefined });
  const bench = new FunctionBench({ providers: { file }, record: { ...RECORD, publicKeys: [KEY] } });
  assert.equal(await bench.codeOf({}), 'GRANTED');
});

for (const code of Object.keys(DENIALS)) {
  if (!isCode(code)) continue;
  test(`function - ${code} is answered with {} and told by its code`, async () => {
    const file = new FakeProvider({ password: () => Promise.reject(new Denied(code)) });
    const outcome = await new FunctionBench({ providers: { file } }).ask(PASSWORD);
    assert.deepEqual(outcome, { answer: {}, code, message: DENIALS[code] });
  });
}

test('function - a fault is thrown, told by its code, and not an answer', async () => {
  for (const [name, text] of Object.entries(FAULTS)) {
    const code = name as FaultCode;
    const file = new FakeProvider({ password: () => Promise.reject(new IdentityFault(code)) });
    const outcome = await new FunctionBench({ providers: { file } }).ask(PASSWORD);
    assert.equal(outcome.answer, undefined);
    assert.equal(outcome.code, code);
    assert.equal(outcome.message, text);
  }
});

test('function - what is verified without any proof is a fault', async () => {
  const file = new FakeProvider({ password: async () => verified(personOf('jdoe', { proofs: [] })) });
  assert.equal(await new FunctionBench({ providers: { file } }).codeOf(PASSWORD), 'INTERNAL_ERROR');
});

test('function - a provider that asks where nobody can be asked refuses', async () => {
  const asks: Step = { outcome: 'asks', question: { prompts: [{ text: 'Code', echo: false }] }, saved: null };
  const file = new FakeProvider({ password: async () => asks });
  const bench = new FunctionBench({ providers: { file } });
  assert.equal(await bench.codeOf(PASSWORD), 'MFA_REQUIRED');
  assert.equal(await bench.codeOf({ ...PASSWORD, interactive: true }), 'CHALLENGED');
});

test('function - an error of the program is a fault that says where and not what', async () => {
  const password = () => Promise.reject(new TypeError(`cannot read ${CANARY}\n    at ${CANARY} (a:1:1)`));
  const bench = new FunctionBench({ providers: { file: new FakeProvider({ password }) } });
  const { code, message } = await bench.ask(PASSWORD);
  assert.equal(code, 'INTERNAL_ERROR');
  assert.equal(message, FAULTS.INTERNAL_ERROR);
  assert.match(
    bench.warnings.join(),
    /^file: TypeError at .*function\.test\.ts:\d+:\d+\)?; please report it$/,
  );
  bench.assertKept(CANARY);
});

/** What a program in plain JavaScript may return, whatever its types say. */
function untyped<Claimed>(value: unknown): Claimed {
  const { claimed } = JSON.parse(JSON.stringify({ claimed: value }));
  return claimed;
}

/** Everything JSON can be, in every place of a step and of a record. */
const garbage = fc.oneof(
  fc.jsonValue(),
  fc.constant(undefined),
  fc.constantFrom('verified', 'asks', ROLE, 'PATH', 'LOGICAL'),
);
const session = fc.record(
  {
    role: garbage,
    policy: garbage,
    home: fc.oneof(garbage, fc.record({ type: garbage, directory: garbage, details: garbage })),
    posixProfile: fc.oneof(garbage, fc.record({ uid: garbage, gid: garbage, secondaryGids: garbage })),
  },
  { requiredKeys: [] },
);
const record = fc.record(
  {
    enabled: garbage,
    validFromMs: garbage,
    protocols: garbage,
    serverIds: garbage,
    sourceNetworks: garbage,
    publicKeys: fc.oneof(garbage, fc.array(fc.record({ line: garbage, expiresAtMs: garbage }))),
    totp: garbage,
    session: fc.oneof(garbage, session),
  },
  { requiredKeys: [] },
);
const person = fc.record(
  {
    subject: garbage,
    userName: garbage,
    attributes: garbage,
    groups: garbage,
    proofs: fc.oneof(garbage, fc.constant(['password'])),
    record: garbage,
  },
  { requiredKeys: [] },
);
const step = fc.record(
  {
    outcome: garbage,
    person: fc.oneof(garbage, person),
    question: fc.oneof(
      garbage,
      fc.record({ name: garbage, instruction: garbage, prompts: garbage, pollSeconds: garbage }),
    ),
    saved: garbage,
  },
  { requiredKeys: [] },
);

test('function - whatever a provider and its profiles return, nothing but contract and faults come out', async () => {
  const property = fc.asyncProperty(
    fc.oneof(garbage, step),
    fc.oneof(garbage, person),
    fc.oneof(garbage, record),
    async (made, found, profile) => {
      const file = new FakeProvider({
        password: async () => untyped<Step>(made),
        lookUp: async () => untyped<Person>(found),
      });
      const bench = new FunctionBench({
        providers: { file },
        profiles: async () => untyped<UserRecord>(profile),
      });
      for (const event of [PASSWORD, { ...PASSWORD, interactive: true }, {}]) {
        const { answer, code } = await bench.ask(event);
        if (code === 'GRANTED')
          assert.ok(answer !== undefined && 'Role' in answer && typeof answer.Role === 'string');
        else if (isCode(code)) assert.deepEqual(answer, {});
        else assert.ok(code === 'CHALLENGED' || Object.hasOwn(FAULTS, code), code);
      }
      bench.assertKept(CANARY);
    },
  );
  await fc.assert(property, { numRuns: 300 });
});

test('function - a record that is unusable refuses with RECORD_INVALID and without its values', async () => {
  const sessions = [
    { role: 'admin' },
    { role: ROLE, policy: 'x' },
    { role: ROLE, policy: '[]' },
    { role: ROLE, policy: `{"a":"${'x'.repeat(2048)}"}` },
    { role: ROLE, home: { type: 'LOGICAL' } },
    { role: ROLE, home: { type: 'LOGICAL', details: [] } },
    { role: ROLE, home: { type: 'PATH', details: [{ Entry: '/', Target: '/b' }] } },
    { role: ROLE, posixProfile: { uid: -1, gid: 0 } },
    { role: ROLE, posixProfile: { uid: 1.5, gid: 0 } },
    { role: ROLE, posixProfile: { uid: 0, gid: 2 ** 32 } },
  ] as const;
  for (const each of sessions) {
    const bench = new FunctionBench({ record: { ...RECORD, session: untyped<UserRecord['session']>(each) } });
    const { code, message } = await bench.ask(PASSWORD);
    assert.equal(code, 'RECORD_INVALID', JSON.stringify(each));
    assert.match(message, /Unusable: (role|policy|home|posixProfile)\.$/);
  }
});

test('function - the canary is in no decision, trace, warning or fault, whoever repeats it', async () => {
  const leaks: readonly FakeProvider[] = [
    new FakeProvider({
      password: async (_, secret) => Promise.reject(new Denied('BAD_CREDENTIALS', secret.reveal())),
    }),
    new FakeProvider({ password: async (_, secret) => Promise.reject(new Error(secret.reveal())) }),
    new FakeProvider({ password: async (_, secret) => Promise.reject(secret.reveal()) }),
    new FakeProvider({ password: async (_, secret) => verified(personOf(`${secret}`)) }),
  ];
  for (const file of leaks.slice(1)) {
    const bench = new FunctionBench({ providers: { file } });
    await bench.ask(PASSWORD);
    bench.assertKept(CANARY);
  }
  const [careless] = leaks;
  assert.ok(careless);
  const { message } = await new FunctionBench({ providers: { file: careless } }).ask(PASSWORD);
  assert.ok(!message.includes(CANARY), message);
});

/** Never answers; keeps the signal it was given. */
class Hanging extends FakeProvider {
  signal: AbortSignal | undefined;

  constructor() {
    super({
      password: (login: Login) => {
        this.signal = login.signal;
        return new Promise(() => {});
      },
    });
  }
}

test('function - a provider that hangs is cut at the deadline, and told', async () => {
  for (const [rules, remainingMs] of [
    [{}, 60],
    [{ timeoutSeconds: 0.05 }, 10_000],
  ] as const) {
    const file = new Hanging();
    const { code } = await new FunctionBench({ providers: { file }, rules }).ask(PASSWORD, { remainingMs });
    assert.equal(code, 'UPSTREAM_TIMED_OUT');
    assert.ok(file.signal?.aborted);
  }
});

test('function - a caller that goes away and closing end what is asked upstream', async () => {
  const gone = new AbortController();
  const file = new Hanging();
  const bench = new FunctionBench({ providers: { file } });
  const asking = bench.ask(PASSWORD, { signal: gone.signal });
  setTimeout(() => gone.abort(), 10);
  assert.equal((await asking).code, 'UPSTREAM_TIMED_OUT');
  assert.ok(file.signal?.aborted);
  const other = bench.ask(PASSWORD);
  setTimeout(() => void bench.function.close(), 10);
  assert.equal((await other).code, 'UPSTREAM_TIMED_OUT');
  assert.equal(file.closeCount, 1);
});

test('function - more logins at once than allowed fail, and later ones do not', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const password = async () => {
    await promise;
    return verified(personOf('jdoe'));
  };
  const bench = new FunctionBench({
    rules: { maxInProgress: 2 },
    providers: { file: new FakeProvider({ password }) },
  });
  const asking = ['jdoe', 'msmith', 'third'].map((username) => bench.codeOf({ ...PASSWORD, username }));
  assert.equal(await asking[2], 'OVERLOADED');
  resolve();
  assert.deepEqual(await Promise.all(asking), ['GRANTED', 'GRANTED', 'OVERLOADED']);
  assert.equal(await bench.codeOf(PASSWORD), 'GRANTED');
});

test('function - after N failures the provider sees no further passwords of this user', async () => {
  const file = new FakeProvider();
  const bench = new FunctionBench({ rules: { failures: { after: 3 } }, providers: { file } });
  for (let each = 0; each < 3; each += 1)
    assert.equal(await bench.codeOf({ password: 'wrong' }), 'BAD_CREDENTIALS');
  for (const event of [{ password: 'wrong' }, PASSWORD, { ...PASSWORD, username: 'JDOE' }])
    assert.equal(await bench.codeOf(event), 'TOO_MANY_FAILURES');
  assert.equal(file.asked.length, 3);
  bench.nowMs += 1000;
  assert.equal(await bench.codeOf(PASSWORD), 'GRANTED');
});

test('function - strangers who guess do not pause a user where they usually are, and have a limit there too', async () => {
  const bench = new FunctionBench({
    rules: { failures: { after: 3 } },
    providers: { file: new FakeProvider() },
  });
  const home = { sourceIp: '192.0.2.77' };
  assert.equal(await bench.codeOf({ ...PASSWORD, ...home }), 'GRANTED');
  for (let each = 0; each < 3; each += 1)
    assert.equal(await bench.codeOf({ password: 'wrong' }), 'BAD_CREDENTIALS');
  assert.equal(await bench.codeOf(PASSWORD), 'TOO_MANY_FAILURES');
  assert.equal(await bench.codeOf({ ...PASSWORD, ...home }), 'GRANTED');
  for (let each = 0; each < 3; each += 1)
    assert.equal(await bench.codeOf({ password: 'wrong', ...home }), 'BAD_CREDENTIALS');
  assert.equal(await bench.codeOf({ ...PASSWORD, ...home }), 'TOO_MANY_FAILURES');
});

test('function - a check asks the provider, and mistakes in its making are faults', async () => {
  const file = new FakeProvider();
  await new FunctionBench({ providers: { file } }).function.check(AbortSignal.timeout(1000));
  const check = () => Promise.reject(new IdentityFault('UPSTREAM_UNREACHABLE'));
  const bad = new FunctionBench({ providers: { file: Object.assign(file, { check }) } });
  await assert.rejects(bad.function.check(AbortSignal.timeout(1000)), { code: 'UPSTREAM_UNREACHABLE' });
});

test('function - 200 logins with 50 slow ones do not wait for these', async () => {
  const password = async ({ userName }: Login, _: Secret) => {
    if (userName.startsWith('slow')) await new Promise((resolve) => setTimeout(resolve, 400));
    return verified(personOf(userName));
  };
  const bench = new FunctionBench({ providers: { file: new FakeProvider({ password }) } });
  const slow = Array.from({ length: 50 }, (_, each) =>
    bench.codeOf({ ...PASSWORD, username: `slow${each}` }),
  );
  const beganAtMs = performance.now();
  const quick = Array.from({ length: 200 }, (_, each) =>
    bench.codeOf({ ...PASSWORD, username: `user${each}` }),
  );
  assert.ok((await Promise.all(quick)).every((code) => code === 'GRANTED'));
  assert.ok(performance.now() - beganAtMs < 390, 'before the first slow one');
  assert.ok((await Promise.all(slow)).every((code) => code === 'GRANTED'));
});
