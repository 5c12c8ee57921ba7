import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { endsRefused, PASSWORD, personIn } from '../testing/provider-bench.ts';
import { entraOptions } from './options.ts';
import { EntraBench, OID, OTHER_TENANT_ID, TENANT_ID, userWith } from './testing/bench.ts';

const TOKEN = /\/token$/;
const KEYS = /\/keys$/;

test('entra - a right password proves the user by their object id', async () => {
  await using bench = await EntraBench.start({
    users: [userWith({ groups: [{ id: 'g1', name: 'sftp-users' }], roles: ['Partner'] })],
  });
  const person = personIn(await bench.password());
  assert.equal(person.subject, OID);
  assert.equal(person.userName, 'JDoe@contoso.example');
  assert.deepEqual(person.proofs, ['password']);
  assert.deepEqual(person.groups, [{ id: 'g1', name: 'g1' }]);
  assert.deepEqual(person.attributes.get('roles'), ['Partner']);
});

test('entra - a wrong password is one attempt, and guesses lock the account there', async () => {
  await using bench = await EntraBench.start({ users: [userWith({ maxFailures: 2 })] });
  await bench.assertRefused(bench.password('wrong'), 'BAD_CREDENTIALS');
  assert.equal(bench.simulator.failuresOf('jdoe@contoso.example'), 1);
  await bench.assertRefused(bench.password('wrong'), 'BAD_CREDENTIALS');
  await bench.assertRefused(bench.password(), 'ACCOUNT_LOCKED');
  assert.equal(bench.count(/token/), 3);
});

test('entra - users of another tenant are refused, whatever tenant the application takes', async () => {
  const foreign = { tid: OTHER_TENANT_ID };
  const issuerToo = (origin: string) => ({ ...foreign, iss: `${origin}/${OTHER_TENANT_ID}/v2.0` });
  await using bench = await EntraBench.start({
    users: [userWith({ claims: foreign })],
    options: { tenantId: TENANT_ID },
    tenant: 'organizations',
  });
  await bench.assertRefused(bench.password(), 'UPSTREAM_ANSWER_INVALID');
  const { origin } = bench.simulator;
  await using both = await EntraBench.start({ users: [userWith({ claims: issuerToo(origin) })] });
  await both.assertRefused(both.password(), 'UPSTREAM_ANSWER_INVALID');
});

test('entra - the tenant may be named by a domain, with its id for the tokens', async () => {
  await using bench = await EntraBench.start({
    options: { tenantId: TENANT_ID.toUpperCase() },
    tenant: 'contoso.example',
  });
  assert.equal(personIn(await bench.password()).subject, OID);
  await bench.provider.check?.(AbortSignal.timeout(5000));
});

for (const [what, claims] of [
  ['another audience', { aud: 'another-application' }],
  ['another issuer', { iss: 'https://login.example.com/v2.0' }],
  ['no object id', { oid: '' }],
  ['a time that is over', { exp: 1 }],
  ['a time that is to come', { nbf: 4_000_000_000 }],
] as const) {
  test(`entra - an id token with ${what} proves nobody`, async () => {
    await using bench = await EntraBench.start({ users: [userWith({ claims })] });
    await bench.assertRefused(bench.password(), 'UPSTREAM_ANSWER_INVALID');
  });
}

test('entra - who is proven has to be the user of the login', async () => {
  const users = [userWith({ claims: { preferred_username: 'other@contoso.example' } })];
  await using bench = await EntraBench.start({ users });
  await bench.assertRefused(bench.password(), 'IDENTITY_MISMATCH');
  await using alias = await EntraBench.start({ users, options: { identityMatch: 'none' } });
  assert.equal(personIn(await alias.password()).userName, 'other@contoso.example');
});

test('entra - the object id may be the name of the login', async () => {
  await using bench = await EntraBench.start({
    options: { identityClaim: 'oid', signInDomainRule: 'never' },
  });
  assert.equal(personIn(await bench.password(PASSWORD, { userName: OID })).subject, OID);
  await bench.assertRefused(
    bench.password(PASSWORD, { userName: 'jdoe@contoso.example' }),
    'IDENTITY_MISMATCH',
  );
});

test('entra - keys are fetched anew for an unknown one, but not within half a minute', async () => {
  await using bench = await EntraBench.start();
  await bench.password();
  bench.simulator.rotateKeys();
  await bench.assertRefused(bench.password(), 'UPSTREAM_ANSWER_INVALID');
  assert.equal(bench.count(/keys 200$/), 1);
  bench.clock.pass(31);
  assert.equal(personIn(await bench.password()).subject, OID);
  assert.equal(bench.count(/keys 200$/), 2);
});

test('entra - a client secret that is wrong or expired is a fault and says so', async () => {
  const client = { id: 'cccccccc-1111-2222-3333-444444444444', secret: 'canary-5d0e-client-secret' };
  await using expired = await EntraBench.start({
    simulator: { client: { ...client, isSecretExpired: true } },
  });
  await assert.rejects(expired.password(), /The client secret is expired.*AADSTS7000222/);
  await expired.assertRefused(expired.password(), 'CONFIGURATION_INVALID');
  await using wrong = await EntraBench.start({ options: { clientSecret: 'canary-5d0e-other' } });
  await wrong.assertRefused(wrong.password(), 'CONFIGURATION_INVALID');
});

test('entra - a public client sends no secret', async () => {
  await using bench = await EntraBench.start({
    simulator: { client: { id: 'cccccccc-1111-2222-3333-444444444444' } },
    options: { clientSecret: undefined },
  });
  assert.equal(personIn(await bench.password()).subject, OID);
});

for (const after of ['request', 'headers'] as const) {
  test(`entra - an answer that stops after the ${after} times out`, async () => {
    await using bench = await EntraBench.start();
    bench.simulator.failNext(TOKEN, { kind: 'silence', after });
    await bench.assertRefused(bench.password(), 'UPSTREAM_TIMED_OUT');
  });
}

test('entra - dropped, broken and redirected answers are faults', async () => {
  await using bench = await EntraBench.start();
  const cases = [
    [{ kind: 'drop' }, 'UPSTREAM_UNREACHABLE'],
    [{ kind: 'truncated' }, 'UPSTREAM_ANSWER_INVALID'],
    [{ kind: 'html', status: 400 }, 'UPSTREAM_ANSWER_INVALID'],
    [{ kind: 'html', status: 503 }, 'UPSTREAM_FAILED'],
    [{ kind: 'redirect', to: 'https://login.example.com' }, 'UPSTREAM_FAILED'],
  ] as const;
  for (const [fault, code] of cases) {
    bench.simulator.failNext(TOKEN, fault);
    await bench.assertRefused(bench.password(), code);
  }
});

test('entra - any value in the place of tokens, keys and members of both is refused', async () => {
  await using bench = await EntraBench.start();
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), fc.constantFrom('whole', 'id_token'), async (value, place) => {
      const json = place === 'whole' ? value : { token_type: 'Bearer', access_token: 'a', id_token: value };
      bench.simulator.failNext(TOKEN, { kind: 'altered', alter: () => ({ status: 200, json }) });
      assert.ok(await endsRefused(bench.password()));
    }),
    { numRuns: 50 },
  );
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), async (value) => {
      bench.clock.pass(4000);
      bench.simulator.failNext(KEYS, {
        kind: 'altered',
        alter: () => ({ status: 200, json: { keys: value } }),
      });
      assert.ok(await endsRefused(bench.password()));
    }),
    { numRuns: 30 },
  );
});

test('entra - claims of any kind never let in another one', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('preferred_username', 'oid', 'tid', 'aud', 'iss', 'exp', 'sub'),
      fc.jsonValue(),
      async (name, value) => {
        await using bench = await EntraBench.start({ users: [userWith({ claims: { [name]: value } })] });
        const isRefused = await endsRefused(bench.password());
        assert.ok(isRefused || name === 'sub' || isHarmless(name, value));
      },
    ),
    { numRuns: 25 },
  );
});

/** Times far ahead, and another object id, are still of this tenant and this user. */
function isHarmless(name: string, value: unknown): boolean {
  if (name === 'exp') return typeof value === 'number' && value > 1_893_456_000;
  return name === 'oid' && typeof value === 'string' && value !== '';
}

test('entra options - what would let in users of any tenant is refused', () => {
  const base = { authority: `https://login.microsoftonline.com/${TENANT_ID}`, clientId: 'a' };
  assert.ok(entraOptions.safeParse(base).success);
  for (const wrong of [
    { ...base, authority: 'https://login.microsoftonline.com/organizations' },
    { ...base, authority: 'https://login.microsoftonline.com/contoso.example' },
    { ...base, authority: 'https://login.microsoftonline.com/common', tenantId: TENANT_ID },
    { ...base, authority: 'https://login.microsoftonline.com/' },
    { ...base, authority: `http://login.microsoftonline.com/${TENANT_ID}` },
    { ...base, tenantId: OTHER_TENANT_ID },
    { ...base, readDirectory: true },
    { ...base, flow: 'device-code', identityMatch: 'none' },
    { ...base, scopes: ['profile'] },
  ])
    assert.equal(entraOptions.safeParse(wrong).success, false, JSON.stringify(wrong));
});

for (const [what, claims] of [
  ['another tenant', { idp: `https://sts.windows.net/${OTHER_TENANT_ID}/` }],
  ['a personal account', { idp: 'live.com' }],
  ['an invitation by mail', { idp: 'mail' }],
  ['the claim acct', { acct: 1 }],
] as const) {
  test(`entra - a guest by ${what} is refused, unless guests are wanted`, async () => {
    await using bench = await EntraBench.start({ users: [userWith({ claims })] });
    await bench.assertRefused(bench.password(), 'NOT_ASSIGNED');
    await using open = await EntraBench.start({
      users: [userWith({ claims })],
      options: { guests: 'allow' },
    });
    assert.equal(personIn(await open.password()).subject, OID);
  });
}

test('entra - who belongs to the tenant is no guest, in either spelling of it', async () => {
  for (const claims of [{ idp: `https://sts.windows.net/${TENANT_ID}/` }, { acct: 0 }, {}]) {
    await using bench = await EntraBench.start({ users: [userWith({ claims })] });
    assert.equal(personIn(await bench.password()).subject, OID);
  }
});

test('entra - an address that is not verified is no name, however names compare', async () => {
  await using bench = await EntraBench.start({
    users: [userWith({ claims: { email: 'root@contoso.example' } })],
    options: { identityClaim: 'email', identityMatch: 'none' },
  });
  assert.equal(personIn(await bench.password()).userName, 'JDoe@contoso.example');
});
