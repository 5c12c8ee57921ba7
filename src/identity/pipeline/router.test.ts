import assert from 'node:assert/strict';
import { test } from 'node:test';
import { builtInProvider } from '../configuration.ts';
import { type DenialCode, Denied, IdentityFault } from '../decision.ts';
import {
  CANARY,
  challengeIn,
  FakeProvider,
  FunctionBench,
  personOf,
  RECORD,
  verified,
} from './testing/function-bench.ts';

const PASSWORD = { password: CANARY };

const refusing = (code: DenialCode) =>
  new FakeProvider({
    password: () => Promise.reject(new Denied(code)),
    lookUp: () => Promise.reject(new Denied(code)),
  });

function two(router: object, corp = new FakeProvider(), partners = new FakeProvider(), routed = {}) {
  const bench = new FunctionBench({
    providers: { corp, partners },
    router,
    routed,
    record: { ...RECORD, publicKeys: [{ line: 'ssh-ed25519 AAAA' }] },
  });
  return { bench, corp, partners };
}

test('router - a name with a provider leads to it alone, without its suffix', async () => {
  const { bench, corp, partners } = two({ default: 'corp' });
  assert.equal(await bench.codeOf({ ...PASSWORD, username: 'jdoe@@partners' }), 'GRANTED');
  assert.equal(await bench.codeOf({ ...PASSWORD, username: 'jdoe@example.com@@Corp' }), 'GRANTED');
  assert.equal(await bench.codeOf({ ...PASSWORD, username: 'jdoe' }), 'GRANTED');
  assert.deepEqual(partners.asked, ['password jdoe']);
  assert.deepEqual(corp.asked, ['password jdoe@example.com', 'password jdoe']);
});

test('router - an unknown provider, none, and a rest that is no name are refused, and nobody is asked', async () => {
  const { bench, corp, partners } = two({ chain: ['corp', 'partners'] });
  for (const [username, code] of [
    ['jdoe@@nowhere', 'PROVIDER_UNKNOWN'],
    ['jdoe@@', 'PROVIDER_UNKNOWN'],
    ['jdoe@@corp@@nowhere', 'PROVIDER_UNKNOWN'],
    ['jd@@corp', 'NAME_REFUSED'],
    ['jdoe@@__proto__', 'PROVIDER_UNKNOWN'],
  ] as const)
    assert.equal(await bench.codeOf({ ...PASSWORD, username }), code, username);
  assert.deepEqual([...corp.asked, ...partners.asked], []);
  assert.equal(await two({}).bench.codeOf(PASSWORD), 'PROVIDER_UNKNOWN');
});

test('router - a named provider never falls through to another, whatever it says', async () => {
  const router = { chain: ['corp', 'partners'], stopOn: 'grant', afterFault: 'next', sharePasswords: true };
  const broken = new FakeProvider({
    password: () => Promise.reject(new IdentityFault('UPSTREAM_FAILED')),
    lookUp: async () => undefined,
  });
  for (const corp of [refusing('USER_UNKNOWN'), refusing('BAD_CREDENTIALS'), broken]) {
    const { bench, partners } = two(router, corp);
    assert.notEqual(await bench.codeOf({ ...PASSWORD, username: 'jdoe@@corp' }), 'GRANTED');
    if (corp !== broken) assert.notEqual(await bench.codeOf({ username: 'jdoe@@corp' }), 'GRANTED');
    assert.deepEqual(partners.asked, []);
  }
  const { bench, partners } = two(router, new FakeProvider(), new FakeProvider(), {
    corp: { disabled: true },
  });
  assert.equal(await bench.codeOf({ ...PASSWORD, username: 'jdoe@@corp' }), 'PROVIDER_DISABLED');
  assert.deepEqual(partners.asked, []);
});

test('router - the delimiter and its side can be others', async () => {
  const byPrefix = two({ delimiter: '--', position: 'prefix' });
  assert.equal(await byPrefix.bench.codeOf({ ...PASSWORD, username: 'partners--jdoe--x' }), 'GRANTED');
  assert.deepEqual(byPrefix.partners.asked, ['password jdoe--x']);
  const byDomain = two({ delimiter: '@', default: 'corp' });
  assert.equal(await byDomain.bench.codeOf({ ...PASSWORD, username: 'jdoe@partners' }), 'GRANTED');
  assert.equal(
    await byDomain.bench.codeOf({ ...PASSWORD, username: 'jdoe@example.com' }),
    'PROVIDER_UNKNOWN',
  );
});

const CHAIN = { chain: ['corp', 'partners'], sharePasswords: true };

test('chain - goes on from unknown users only, unless told otherwise', async () => {
  for (const [stopOn, code, isAsked] of [
    ['known-user', 'USER_UNKNOWN', true],
    ['known-user', 'BAD_CREDENTIALS', false],
    ['known-user', 'ACCOUNT_LOCKED', false],
    ['denial', 'USER_UNKNOWN', false],
    ['grant', 'BAD_CREDENTIALS', true],
  ] as const) {
    const { bench, partners } = two({ ...CHAIN, stopOn }, refusing(code));
    assert.equal(await bench.codeOf(PASSWORD), isAsked ? 'GRANTED' : code);
    assert.equal(partners.asked.length, isAsked ? 1 : 0);
  }
});

test('chain - a password goes to one provider only, unless it may be shared', async () => {
  const { bench, partners } = two(
    { ...CHAIN, stopOn: 'grant', sharePasswords: false },
    refusing('USER_UNKNOWN'),
  );
  assert.equal(await bench.codeOf(PASSWORD), 'USER_UNKNOWN');
  assert.deepEqual(partners.asked, []);
  assert.equal(await bench.codeOf({}), 'GRANTED', 'keys are no secret');
  assert.deepEqual(partners.asked, ['lookUp jdoe']);
});

test('chain - providers whose rules are not for the login are passed over before the password is given to anybody', async () => {
  const routed = { corp: { protocols: ['FTPS'] } };
  const { bench, corp } = two(
    { ...CHAIN, sharePasswords: false },
    new FakeProvider(),
    new FakeProvider(),
    routed,
  );
  assert.equal(await bench.codeOf(PASSWORD), 'GRANTED');
  assert.deepEqual(corp.asked, []);
});

test('chain - a fault ends it, or is kept where the others do not know the user', async () => {
  const broken = () =>
    new FakeProvider({ password: () => Promise.reject(new IdentityFault('UPSTREAM_FAILED')) });
  assert.equal(await two(CHAIN, broken()).bench.codeOf(PASSWORD), 'UPSTREAM_FAILED');
  const next = { ...CHAIN, afterFault: 'next' };
  assert.equal(await two(next, broken()).bench.codeOf(PASSWORD), 'GRANTED');
  assert.equal(await two(next, broken(), refusing('USER_UNKNOWN')).bench.codeOf(PASSWORD), 'UPSTREAM_FAILED');
});

test('chain - users of a later provider are not paused for being unknown to an earlier one', async () => {
  const { bench, corp, partners } = two(CHAIN, refusing('USER_UNKNOWN'));
  for (let login = 0; login < 20; login += 1) assert.equal(await bench.codeOf(PASSWORD), 'GRANTED');
  assert.equal(corp.asked.length, 20);
  for (let login = 0; login < 5; login += 1)
    assert.equal(await bench.codeOf({ password: 'wrong' }), 'BAD_CREDENTIALS');
  assert.equal(await bench.codeOf(PASSWORD), 'TOO_MANY_FAILURES', 'their own provider pauses them');
  assert.equal(partners.asked.length, 25);
});

test('chain - guesses at a user whom nobody knows are paused by the last provider', async () => {
  const { bench, partners } = two(CHAIN, refusing('USER_UNKNOWN'), refusing('USER_UNKNOWN'));
  for (let login = 0; login < 5; login += 1) assert.equal(await bench.codeOf(PASSWORD), 'USER_UNKNOWN');
  assert.equal(await bench.codeOf(PASSWORD), 'TOO_MANY_FAILURES');
  assert.equal(partners.asked.length, 5);
});

test('chain - for keys a provider that cannot look people up is passed where no record speaks', async () => {
  const corp = new FakeProvider({ lookUp: async () => undefined });
  const groups = [{ id: 'sftp', name: 'sftp' }];
  const partners = new FakeProvider({ lookUp: async ({ userName }) => personOf(userName, { groups }) });
  const bench = new FunctionBench({
    providers: { corp, partners },
    router: { chain: ['corp', 'partners'] },
    profiles: async (person) => ({
      ...RECORD,
      publicKeys: person.groups.length > 0 ? [{ line: 'ssh-ed25519 AAAA' }] : [],
    }),
  });
  assert.equal(await bench.codeOf({}), 'GRANTED');
  assert.deepEqual([...corp.asked, ...partners.asked], ['lookUp jdoe', 'lookUp jdoe']);
});

test('chain - a dialogue goes on with the provider that began it', async () => {
  const partners = new FakeProvider({
    password: async () => ({
      outcome: 'asks',
      question: { prompts: [{ text: 'Code', echo: true }] },
      saved: 1,
    }),
    answers: async ({ userName }) => verified(personOf(userName)),
  });
  const { bench, corp } = two(CHAIN, refusing('USER_UNKNOWN'), partners);
  const { state } = challengeIn(await bench.ask({ ...PASSWORD, interactive: true }));
  assert.equal(await bench.codeOf({ challengeAnswers: ['1'], state }), 'GRANTED');
  assert.deepEqual(corp.asked, ['password jdoe']);
  assert.deepEqual(partners.asked, ['password jdoe', 'answers jdoe']);
});

test('router - mistakes of its configuration are told', () => {
  const file = { provider: 'file', options: { path: 'users.yaml' } };
  const good = { providers: { corp: file } };
  const isGood = (options: object) => builtInProvider.safeParse({ provider: 'router', options }).success;
  assert.ok(isGood({ ...good, default: 'corp' }));
  for (const options of [
    {},
    { providers: {} },
    { ...good, default: 'other' },
    { ...good, chain: ['other'] },
    { ...good, chain: [] },
    { ...good, default: 'corp', chain: ['corp'] },
    { ...good, delimiter: '/' },
    { ...good, delimiter: '' },
    { providers: { corp: file, Corp: file } },
    { providers: { 'a@b': file } },
    { providers: { corp: { provider: 'router', options: good } } },
    { providers: { corp: { ...file, rules: { refusalFloorMs: 1 } } } },
  ])
    assert.ok(!isGood(options), JSON.stringify(options));
});
