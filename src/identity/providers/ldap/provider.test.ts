import assert from 'node:assert/strict';
import test from 'node:test';
import { inspect } from 'node:util';
import { Denied, IdentityFault } from '../../decision.ts';
import { Secret } from '../../secret.ts';
import { Trace } from '../../trace.ts';
import { createLdapProvider } from './provider.ts';
import {
  CANARY,
  Clock,
  loginOf,
  optionsFor,
  personOf,
  SERVICE_DN,
  SERVICE_PASSWORD,
  verify,
} from './testing/bench.ts';
import { type Script, ScriptedDirectory } from './testing/scripted-directory.ts';

const JDOE = 'uid=jdoe,ou=people,dc=example,dc=com';
const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExample jdoe';

const SCRIPT: Script = {
  passwords: { [SERVICE_DN]: SERVICE_PASSWORD, [JDOE]: CANARY },
  entries: [
    { dn: 'dc=example,dc=com', attributes: {} },
    {
      dn: JDOE,
      attributes: {
        uid: ['jdoe'],
        entryUUID: ['e7a1'],
        mail: ['jdoe@example.com', 'j@example.com'],
        uidNumber: ['2030'],
        sshPublicKey: [KEY, `${KEY}2\n${KEY}3`],
        memberOf: ['cn=sftp,ou=groups,dc=example,dc=com'],
      },
    },
  ],
};

async function start(more: Record<string, unknown> = {}, script: Script = SCRIPT) {
  const directory = await ScriptedDirectory.start(script);
  const provider = createLdapProvider(optionsFor([directory.url], more), new Clock().surroundings());
  const stack = new AsyncDisposableStack();
  stack.use(directory);
  stack.defer(() => provider.close());
  return { directory, provider, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

const denied = (code: string) => (error: unknown) => {
  assert.ok(error instanceof Denied, inspect(error));
  assert.equal(error.code, code);
  assert.ok(!inspect(error, { depth: 9 }).includes(CANARY));
  return true;
};
const fault = (code: string) => (error: unknown) => {
  assert.ok(error instanceof IdentityFault, inspect(error));
  assert.equal(error.code, code);
  assert.ok(!inspect(error, { depth: 9 }).includes(CANARY));
  return true;
};

test('ldap - a user is searched, bound on another connection, and described', async () => {
  await using bench = await start();
  const trace = new Trace();
  const person = await verify(bench.provider, 'JDoe', CANARY, { trace });
  assert.equal(person.subject, 'e7a1');
  assert.equal(person.userName, 'jdoe');
  assert.deepEqual(person.proofs, ['password']);
  assert.deepEqual(person.attributes.get('mail'), ['jdoe@example.com', 'j@example.com']);
  assert.deepEqual(person.attributes.get('sshPublicKey'), [KEY, `${KEY}2`, `${KEY}3`]);
  assert.deepEqual(person.groups, [{ id: 'cn=sftp,ou=groups,dc=example,dc=com', name: 'sftp' }]);
  const [own, user] = bench.directory.binds;
  assert.equal(own?.name, SERVICE_DN);
  assert.equal(user?.name, JDOE);
  assert.notEqual(own?.connection, user?.connection);
  assert.ok(!JSON.stringify(trace.steps).includes(CANARY));
});

test('ldap - a wrong password is refused after one attempt', async () => {
  await using bench = await start();
  await assert.rejects(verify(bench.provider, 'jdoe', 'wrong'), denied('BAD_CREDENTIALS'));
  assert.equal(bench.directory.binds.filter(({ name }) => name === JDOE).length, 1);
});

test('ldap - an empty password and one with NUL never reach the network', async () => {
  await using bench = await start();
  for (const password of ['', `${CANARY}\0`, 'x'.repeat(5000)])
    await assert.rejects(verify(bench.provider, 'jdoe', password), denied('PASSWORD_UNUSABLE'));
  assert.equal(bench.directory.connectionCount, 0);
});

test('ldap - an unknown user costs a bind too, of nobody and with no password of theirs', async () => {
  await using bench = await start();
  await assert.rejects(verify(bench.provider, 'nobody'), denied('USER_UNKNOWN'));
  const dummy = bench.directory.binds[1];
  assert.match(dummy?.name ?? '', /^cn=[0-9a-f]{16},dc=example,dc=com$/);
  assert.notEqual(dummy?.password, CANARY);
});

test('ldap - two entries for a name are nobody', async () => {
  const twin = { dn: 'uid=jdoe,ou=other,dc=example,dc=com', attributes: { uid: ['jdoe'] } };
  await using bench = await start({}, { ...SCRIPT, entries: [...(SCRIPT.entries ?? []), twin] });
  await assert.rejects(verify(bench.provider, 'jdoe'), denied('USER_AMBIGUOUS'));
  await assert.rejects(bench.provider.lookUp(loginOf('jdoe')), denied('USER_AMBIGUOUS'));
  assert.ok(bench.directory.binds.every(({ password }) => password !== CANARY));
});

test('ldap - names that look like filters find nobody', async () => {
  await using bench = await start();
  for (const name of [
    '*',
    'jdoe)(uid=*',
    'j*',
    'jdoe\\2a',
    '*)(|(uid=*',
    'cn=x,ou=y',
    'jdoe\0',
    'jdoé',
    'jdoe ',
  ]) {
    await assert.rejects(verify(bench.provider, name), denied('USER_UNKNOWN'));
    await assert.rejects(bench.provider.lookUp(loginOf(name)), denied('USER_UNKNOWN'));
  }
});

test('ldap - a key login looks up and binds nobody', async () => {
  await using bench = await start();
  const person = await bench.provider.lookUp(loginOf('jdoe'));
  assert.deepEqual(person?.proofs, []);
  assert.equal(person?.attributes.get('sshPublicKey')?.length, 3);
  assert.deepEqual(
    bench.directory.binds.map(({ name }) => name),
    [SERVICE_DN],
  );
});

test('ldap - the service connection is used again, and one that was dropped is replaced', async () => {
  await using bench = await start();
  await bench.provider.lookUp(loginOf('jdoe'));
  await bench.provider.lookUp(loginOf('jdoe'));
  assert.equal(bench.directory.connectionCount, 1);
  bench.directory.dropConnections();
  await bench.provider.lookUp(loginOf('jdoe'));
  assert.equal(bench.directory.connectionCount, 2);
  assert.equal(bench.directory.binds.length, 2);
});

test('ldap - a connection dropped within a bind is a fault, and the password is not sent again', async () => {
  await using bench = await start({}, { ...SCRIPT, onBind: (name) => (name === JDOE ? 'drop' : undefined) });
  await assert.rejects(verify(bench.provider, 'jdoe'), fault('UPSTREAM_UNREACHABLE'));
  assert.equal(bench.directory.binds.filter(({ password }) => password === CANARY).length, 1);
});

test('ldap - a directory that says nothing is cut at the limit', async () => {
  await using bench = await start(
    { bindTimeoutMs: 30 },
    { ...SCRIPT, onBind: (name) => (name === JDOE ? 'hang' : undefined) },
  );
  await assert.rejects(verify(bench.provider, 'jdoe'), fault('UPSTREAM_TIMED_OUT'));
});

test('ldap - a client that goes away ends the wait', async () => {
  await using bench = await start({}, { ...SCRIPT, onSearch: () => 'hang' });
  const controller = new AbortController();
  const login = bench.provider.lookUp(loginOf('jdoe', { signal: controller.signal }));
  setImmediate(() => controller.abort());
  await assert.rejects(login, fault('UPSTREAM_TIMED_OUT'));
});

test('ldap - wrong credentials of our own are a fault and never a denial', async () => {
  await using bench = await start({}, { ...SCRIPT, passwords: {} });
  await assert.rejects(verify(bench.provider, 'jdoe'), fault('CONFIGURATION_INVALID'));
});

test('ldap - a referral instead of an answer is a fault', async () => {
  await using bench = await start({}, { ...SCRIPT, onSearch: () => ({ code: 10 }) });
  await assert.rejects(verify(bench.provider, 'jdoe'), fault('CONFIGURATION_INVALID'));
});

test('ldap - a user in none of the allowed groups is refused, with a password and with a key', async () => {
  await using bench = await start({ allowedGroups: ['cn=admins,ou=groups,dc=example,dc=com'] });
  await assert.rejects(verify(bench.provider, 'jdoe'), denied('NOT_ASSIGNED'));
  await assert.rejects(bench.provider.lookUp(loginOf('jdoe')), denied('NOT_ASSIGNED'));
});

test('ldap - an allowed group is named by its distinguished name or its name', async () => {
  for (const group of ['CN=sftp, OU=groups,DC=example,DC=com', 'SFTP']) {
    await using bench = await start({ allowedGroups: ['admins', group] });
    assert.equal((await verify(bench.provider, 'jdoe')).userName, 'jdoe');
  }
});

test('ldap - a disabled account is refused with its key, and so is one of the filter', async () => {
  const [root, entry] = SCRIPT.entries ?? [];
  assert.ok(root !== undefined && entry !== undefined);
  const locked = { ...entry, attributes: { ...entry.attributes, nsAccountLock: ['TRUE'] } };
  await using bench = await start({}, { ...SCRIPT, entries: [root, locked] });
  await assert.rejects(bench.provider.lookUp(loginOf('jdoe')), denied('ACCOUNT_DISABLED'));
  await using filtered = await start({ disabledFilter: '(uidNumber=2030)' });
  await assert.rejects(filtered.provider.lookUp(loginOf('jdoe')), denied('ACCOUNT_DISABLED'));
});

test('ldap - direct bind with a distinguished name escapes the name and reads the own entry', async () => {
  const direct = {
    mode: 'direct',
    bindName: 'uid={username},ou=people,dc=example,dc=com',
    service: undefined,
  };
  await using bench = await start(direct);
  const person = await verify(bench.provider, 'jdoe');
  assert.equal(person.subject, 'e7a1');
  await assert.rejects(verify(bench.provider, 'jdoe,ou=other'), denied('BAD_CREDENTIALS'));
  assert.equal(bench.directory.binds.at(-1)?.name, 'uid=jdoe\\2cou\\3dother,ou=people,dc=example,dc=com');
  assert.equal(await bench.provider.lookUp(loginOf('jdoe')), undefined);
});

test('ldap - a user called like a SASL mechanism is not let in by our certificate', async () => {
  const direct = { mode: 'direct', bindName: '{signInName}', service: undefined, searchBase: undefined };
  await using bench = await start(direct, { onBind: () => ({ code: 0 }) });
  for (const name of ['EXTERNAL', 'PLAIN', 'DIGEST-MD5'])
    await assert.rejects(verify(bench.provider, name), fault('CONFIGURATION_INVALID'));
  assert.equal(bench.directory.binds.length, 0);
});

test('ldap - prompts ask for the code, and the directory gets both in one bind', async () => {
  const script = { ...SCRIPT, passwords: { ...SCRIPT.passwords, [JDOE]: `${CANARY},123456` } };
  await using bench = await start({ mfa: 'prompts', codeSeparator: ',' }, script);
  const login = loginOf('jdoe', { canPrompt: true });
  const step = await bench.provider.password(login, new Secret(CANARY));
  assert.ok(step.outcome === 'asks');
  assert.equal(bench.directory.connectionCount, 0);
  const answered = await bench.provider.answers?.(login, step.saved, [new Secret('123456')]);
  assert.ok(answered !== undefined);
  assert.deepEqual(personOf(answered).proofs, ['password', 'code']);
  await assert.rejects(
    async () => bench.provider.answers?.(login, step.saved, [new Secret('')]),
    denied('CODE_MISSING'),
  );
  await assert.rejects(
    async () => bench.provider.answers?.(login, 'forged', [new Secret('123456')]),
    denied('STATE_INVALID'),
  );
  await assert.rejects(verify(bench.provider, 'jdoe', `${CANARY},123456`), denied('MFA_REQUIRED'));
});

test('ldap - an appended code has to be there, and is passed on', async () => {
  const script = { ...SCRIPT, passwords: { ...SCRIPT.passwords, [JDOE]: `${CANARY}123456` } };
  await using bench = await start({ mfa: 'appended' }, script);
  await assert.rejects(verify(bench.provider, 'jdoe', CANARY), denied('CODE_MISSING'));
  assert.deepEqual((await verify(bench.provider, 'jdoe', `${CANARY}123456`)).proofs, ['password', 'code']);
});

test('ldap - the check proves our own credentials', async () => {
  await using bench = await start();
  await bench.provider.check?.(AbortSignal.timeout(5000));
  bench.directory.script = { ...SCRIPT, passwords: {} };
  bench.directory.dropConnections();
  await assert.rejects(
    async () => bench.provider.check?.(AbortSignal.timeout(5000)),
    fault('CONFIGURATION_INVALID'),
  );
});

test('ldap - a question for a code has one answer', async () => {
  await using bench = await start({ mfa: 'prompts' });
  const login = loginOf('jdoe', { canPrompt: true });
  const code = new Secret('123456');
  for (const answers of [[], [code, code]])
    await assert.rejects(
      async () => bench.provider.answers?.(login, { password: CANARY }, answers),
      denied('STATE_INVALID'),
    );
  assert.equal(bench.directory.connectionCount, 0);
});
