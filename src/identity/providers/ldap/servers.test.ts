import assert from 'node:assert/strict';
import test from 'node:test';
import { IdentityFault } from '../../decision.ts';
import { createLdapProvider } from './provider.ts';
import { PAUSE_MS } from './servers.ts';
import { CANARY, Clock, loginOf, optionsFor, verify } from './testing/bench.ts';
import { type Script, ScriptedDirectory } from './testing/scripted-directory.ts';

const SCRIPT: Script = {
  entries: [{ dn: 'cn=Jo Doe,dc=example,dc=com', attributes: { uid: ['jdoe'] } }],
  onBind: (_, password) => ({ code: password === 'wrong' ? 49 : 0 }),
};

const fault = (code: string) => (error: unknown) => error instanceof IdentityFault && error.code === code;

async function closedUrl(): Promise<string> {
  await using directory = await ScriptedDirectory.start(SCRIPT);
  return directory.url;
}

test('ldap servers - the next server is asked, and the bad one is left alone for 30 seconds', async () => {
  await using first = await ScriptedDirectory.start({ ...SCRIPT, onSearch: () => 'drop' });
  await using second = await ScriptedDirectory.start(SCRIPT);
  const clock = new Clock();
  const provider = createLdapProvider(optionsFor([first.url, second.url]), clock.surroundings());
  await verify(provider, 'jdoe');
  assert.equal(first.connectionCount, 1);
  assert.ok(first.binds.every(({ password }) => password !== CANARY));
  clock.nowMs += PAUSE_MS - 1;
  await verify(provider, 'jdoe');
  assert.equal(first.connectionCount, 1);
  first.script = SCRIPT;
  clock.nowMs += 1;
  await verify(provider, 'jdoe');
  assert.ok(first.connectionCount > 1);
  await provider.close();
});

test('ldap servers - a wrong password is no reason to ask another server', async () => {
  await using first = await ScriptedDirectory.start(SCRIPT);
  await using second = await ScriptedDirectory.start(SCRIPT);
  const provider = createLdapProvider(optionsFor([first.url, second.url]), new Clock().surroundings());
  await assert.rejects(verify(provider, 'jdoe', 'wrong'));
  await verify(provider, 'jdoe');
  assert.equal(second.connectionCount, 0);
  await provider.close();
});

test('ldap servers - a server that is busy is one that fails', async () => {
  await using first = await ScriptedDirectory.start({ ...SCRIPT, onSearch: () => ({ code: 51 }) });
  await using second = await ScriptedDirectory.start(SCRIPT);
  const provider = createLdapProvider(optionsFor([first.url, second.url]), new Clock().surroundings());
  assert.equal((await provider.lookUp(loginOf('jdoe')))?.userName, 'jdoe');
  await provider.close();
});

test('ldap servers - with all of them gone one login at a time tries, and the others are told', async () => {
  const provider = createLdapProvider(
    optionsFor([await closedUrl(), await closedUrl()]),
    new Clock().surroundings(),
  );
  await assert.rejects(provider.lookUp(loginOf('jdoe')), fault('UPSTREAM_UNREACHABLE'));
  const [one, other] = await Promise.allSettled([
    provider.lookUp(loginOf('jdoe')),
    provider.lookUp(loginOf('jdoe')),
  ]);
  assert.ok(one.status === 'rejected' && fault('UPSTREAM_UNREACHABLE')(one.reason));
  assert.ok(other.status === 'rejected' && fault('UPSTREAM_SUSPENDED')(other.reason));
  await provider.close();
});

test('ldap servers - round-robin asks them in turn', async () => {
  await using first = await ScriptedDirectory.start(SCRIPT);
  await using second = await ScriptedDirectory.start(SCRIPT);
  const options = optionsFor([first.url, second.url], { serverOrder: 'round-robin' });
  const provider = createLdapProvider(options, new Clock().surroundings());
  await provider.lookUp(loginOf('jdoe'));
  await provider.lookUp(loginOf('jdoe'));
  assert.deepEqual([first.searches.length, second.searches.length].map(Math.sign), [1, 1]);
  await provider.close();
});

test('ldap servers - the budget is shared by all servers', async () => {
  await using first = await ScriptedDirectory.start({ ...SCRIPT, onSearch: () => 'hang' });
  await using second = await ScriptedDirectory.start({ ...SCRIPT, onSearch: () => 'hang' });
  const options = optionsFor([first.url, second.url], { operationTimeoutMs: 60_000, totalBudgetMs: 60 });
  const provider = createLdapProvider(options, new Clock().surroundings());
  await assert.rejects(provider.lookUp(loginOf('jdoe')), fault('UPSTREAM_TIMED_OUT'));
  assert.equal(second.connectionCount, 0);
  await provider.close();
});

test('ldap servers - StartTLS that is refused, or taken away on the way, never becomes clear text', async () => {
  await using directory = await ScriptedDirectory.start(SCRIPT);
  const provider = createLdapProvider(
    optionsFor([directory.url], { startTls: true, allowPlaintext: false }),
    new Clock().surroundings(),
  );
  await assert.rejects(verify(provider, 'jdoe'), fault('UPSTREAM_UNREACHABLE'));
  assert.equal(directory.binds.length, 0);
  await provider.close();
});

test('ldap servers - an answer forged behind the one to StartTLS is not read', async () => {
  await using directory = await ScriptedDirectory.start({ ...SCRIPT, onStartTls: 'inject' });
  const provider = createLdapProvider(
    optionsFor([directory.url], { startTls: true }),
    new Clock().surroundings(),
  );
  await assert.rejects(verify(provider, 'jdoe'), (error) => {
    assert.ok(fault('UPSTREAM_UNREACHABLE')(error));
    assert.match(String(error), /in clear/);
    return true;
  });
  await provider.close();
});

test('ldap servers - StartTLS without an answer is cut at the limit', async () => {
  await using directory = await ScriptedDirectory.start({ ...SCRIPT, onStartTls: 'hang' });
  const options = optionsFor([directory.url], { startTls: true, connectTimeoutMs: 30 });
  const provider = createLdapProvider(options, new Clock().surroundings());
  await assert.rejects(verify(provider, 'jdoe'), fault('UPSTREAM_TIMED_OUT'));
  await provider.close();
});
