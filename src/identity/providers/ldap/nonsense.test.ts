import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import test from 'node:test';
import fc from 'fast-check';
import { Denied, IdentityFault } from '../../decision.ts';
import { createLdapProvider } from './provider.ts';
import { CANARY, Clock, loginOf, optionsFor, verify } from './testing/bench.ts';
import { type Script, ScriptedDirectory, type ScriptedEntry } from './testing/scripted-directory.ts';

const RUNS = { numRuns: 60 };
const SHORT = { connectTimeoutMs: 100, operationTimeoutMs: 20, bindTimeoutMs: 20 };

/** Every mode, and the directories whose entries are read most. */
const MODES: readonly (readonly [string, Record<string, unknown>])[] = [
  ['search and bind', {}],
  ['Active Directory', { preset: 'active-directory', groups: { strategy: 'tokenGroups' } }],
  ['direct bind', { mode: 'direct', bindName: '{username}@corp.example', preset: 'active-directory' }],
];

async function refuses(work: () => Promise<unknown>): Promise<void> {
  await assert.rejects(work, (error) => {
    assert.ok(error instanceof Denied || error instanceof IdentityFault, String(error));
    assert.ok(!`${error.stack}`.includes(CANARY));
    return true;
  });
}

const bytes = fc.uint8Array({ minLength: 1, maxLength: 64 }).map((part) => Buffer.from(part));
/** Envelopes that are right around contents that are not; the identifier of the message may fit. */
const envelope = fc
  .tuple(fc.integer({ min: 0, max: 4 }), fc.constantFrom(0x61, 0x64, 0x65, 0x73, 0x78, 0x30), bytes)
  .map(([id, tag, content]) => {
    const operation = Buffer.concat([Buffer.from([tag, content.length]), content]);
    return Buffer.concat([Buffer.from([0x30, operation.length + 3, 0x02, 0x01, id]), operation]);
  });

for (const [what, options] of MODES)
  test(`ldap, nonsense - with ${what}, bytes that are no LDAP let nobody in and end nothing else`, async () => {
    let answer = Buffer.alloc(0);
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => {}).on('close', () => sockets.delete(socket));
      socket.on('data', () => socket.write(answer));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    assert.ok(typeof address === 'object' && address !== null);
    const url = `ldap://127.0.0.1:${address.port}`;
    await fc.assert(
      fc.asyncProperty(fc.oneof(bytes, envelope), async (sent) => {
        answer = sent;
        const provider = createLdapProvider(
          optionsFor([url], { ...options, ...SHORT }),
          new Clock().surroundings(),
        );
        await refuses(() => verify(provider, 'jdoe'));
        await refuses(() => provider.lookUp(loginOf('jdoe')));
        await provider.close();
      }),
      RUNS,
    );
    for (const socket of sockets) socket.destroy();
    server.close();
  });

const NAMES = ['uid', 'sAMAccountName', 'userAccountControl', 'accountExpires', 'pwdLastSet', 'memberOf'];
const MORE = [
  'objectSid',
  'primaryGroupID',
  'tokenGroups',
  'shadowExpire',
  'memberOf;range=0-0',
  '__proto__',
];
const value = fc.oneof(fc.constantFrom('512', 'jdoe', '', '-1', 'TRUE', 'cn=,'), fc.string(), bytes);
const entry = fc
  .dictionary(fc.constantFrom(...NAMES, ...MORE), fc.array(value, { maxLength: 3 }))
  .map((attributes): ScriptedEntry => ({ dn: 'uid=jdoe,dc=example,dc=com', attributes }));

for (const [what, options] of MODES)
  test(`ldap, nonsense - with ${what}, no result but success lets anybody in, whatever the entry holds`, async () => {
    await using directory = await ScriptedDirectory.start({});
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 255 }),
        fc.string(),
        fc.array(entry, { maxLength: 3 }),
        async (code, diagnostic, entries) => {
          const onBind: Script['onBind'] = (_, password) =>
            password === CANARY ? { code, diagnostic } : { code: 0 };
          directory.script = { entries, onBind, whoAmI: 'u:CORP\\jdoe' };
          const provider = createLdapProvider(
            optionsFor([directory.url], options),
            new Clock().surroundings(),
          );
          await refuses(() => verify(provider, 'jdoe'));
          await provider.close();
        },
      ),
      RUNS,
    );
  });

test('ldap, nonsense - an entry either makes a person or is refused, and nothing else is thrown', async () => {
  await using directory = await ScriptedDirectory.start({ onBind: () => ({ code: 0 }) });
  await fc.assert(
    fc.asyncProperty(entry, async (found) => {
      directory.script = { ...directory.script, entries: [found] };
      const provider = createLdapProvider(
        optionsFor([directory.url], { userFilter: '(|(uid={username})(objectClass=*))' }),
        new Clock().surroundings(),
      );
      try {
        assert.deepEqual((await provider.lookUp(loginOf('jdoe')))?.proofs, []);
      } catch (error) {
        assert.ok(error instanceof Denied || error instanceof IdentityFault, String(error));
      }
      await provider.close();
    }),
    RUNS,
  );
});
