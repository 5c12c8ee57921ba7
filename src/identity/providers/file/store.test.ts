import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { inspect } from 'node:util';
import { testLogin, testSurroundings } from '../../records/testing/login.ts';
import { Secret } from '../../secret.ts';
import { fileOptions } from './options.ts';
import { createFileProvider } from './provider.ts';
import { FileRecordStore } from './store.ts';

const CANARY = 'canary-73bb';
const KEY = { userName: 'jdoe', serverId: 's-0123456789abcdef0', protocol: 'SFTP' } as const;

async function bench(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'drawbridge-records-'));
  t.after(() => rm(folder, { recursive: true }));
  return { folder, surroundings: testSurroundings({ folder }), at: (name: string) => join(folder, name) };
}

describe('file', () => {
  it('file - one file: changes count from the next look-up on', async (t) => {
    const { at, surroundings } = await bench(t);
    const store = new FileRecordStore({ path: 'users.yaml' }, surroundings);
    await assert.rejects(store.find(KEY), { code: 'UPSTREAM_UNREACHABLE' });
    await writeFile(at('users.yaml'), `jdoe:\n  Password: ${CANARY}\n`);
    assert.deepEqual(await store.find(KEY), { Password: CANARY });
    assert.equal(await store.find({ ...KEY, userName: 'msmith' }), undefined);
    assert.equal(await store.find({ ...KEY, userName: 'constructor' }), undefined);
    await writeFile(at('next.yaml'), 'jdoe: { Password: other }\n');
    await rename(at('next.yaml'), at('users.yaml'));
    assert.deepEqual(await store.find(KEY), { Password: 'other' });
    await rm(at('users.yaml'));
    await assert.rejects(store.find(KEY), { code: 'UPSTREAM_UNREACHABLE' });
  });

  it('file - a broken file leaves the last good state in force and warns once, without quoting', async (t) => {
    const { at, surroundings } = await bench(t);
    const store = new FileRecordStore({ path: 'users.yaml' }, surroundings);
    await writeFile(at('users.yaml'), `jdoe: { Password: ${CANARY} }\n`);
    await store.find(KEY);
    for (const broken of [
      `jdoe: { Password: ${CANARY}x`,
      `jdoe: {}\njdoe: { Password: ${CANARY} }`,
      '',
      `- ${CANARY}`,
    ]) {
      const before = surroundings.warnings.length;
      await writeFile(at('users.yaml'), broken);
      assert.deepEqual(await Promise.all([store.find(KEY), store.find(KEY)]), [
        { Password: CANARY },
        { Password: CANARY },
      ]);
      await store.find(KEY);
      assert.equal(surroundings.warnings.length, before + 1);
    }
    assert(!surroundings.warnings.join().includes(CANARY));
  });

  it('file - a file that was never good is a fault', async (t) => {
    const { at, surroundings } = await bench(t);
    await writeFile(at('users.json'), `{"jdoe":{"Enabled":false,"Enabled":true}}`);
    const store = new FileRecordStore({ path: 'users.json' }, surroundings);
    await assert.rejects(store.find(KEY), { code: 'UPSTREAM_ANSWER_INVALID' });
    await assert.rejects(store.check(), { code: 'UPSTREAM_ANSWER_INVALID' });
  });

  it('file - a bad entry refuses its user alone', async (t) => {
    const { at, folder } = await bench(t);
    await writeFile(
      at('users.yaml'),
      `jdoe: { Password: 12345 }\nmsmith: { Password: ${CANARY} }\nrobot: 7\n`,
    );
    const provider = createFileProvider(
      fileOptions.parse({ path: 'users.yaml' }),
      testSurroundings({ folder }),
    );
    const asks = (userName: string) => provider.password(testLogin({ userName }), new Secret(CANARY));
    await assert.rejects(asks('jdoe'), { code: 'RECORD_INVALID' });
    await assert.rejects(asks('robot'), { code: 'RECORD_INVALID' });
    await assert.rejects(asks('nobody'), { code: 'USER_UNKNOWN' });
    assert.equal((await asks('msmith')).outcome, 'verified');
    await provider.close();
  });

  it('file - a folder: each user has a file, and no name leads out of it', async (t) => {
    const { at, surroundings } = await bench(t);
    await mkdir(at('users'));
    await writeFile(at('outside.yaml'), `Password: ${CANARY}`);
    await writeFile(at('users/jdoe.yaml'), `Password: ${CANARY}`);
    await writeFile(at('users/msmith.json'), `{"Password":"${CANARY}"`);
    await writeFile(at('users/two.json'), '{}');
    await writeFile(at('users/two.yml'), 'Role: x');
    const store = new FileRecordStore({ path: 'users' }, surroundings);
    await store.check();
    const find = (userName: string) => store.find({ ...KEY, userName });
    assert.deepEqual(await find('jdoe'), { Password: CANARY });
    for (const name of ['nobody', '../outside', 'users/../../outside', '.', ''])
      assert.equal(await find(name), undefined);
    await assert.rejects(find('msmith'), (error) => !inspect(error).includes(CANARY));
    await assert.rejects(find('msmith'), { code: 'RECORD_INVALID' });
    await assert.rejects(find('two'), { code: 'RECORD_INVALID' });
  });

  it('file - a YAML file that would take too long to read is broken, a JSON file of the size is not', async (t) => {
    const { at, surroundings } = await bench(t);
    const filler = ' '.repeat(4 * 1024 * 1024);
    await writeFile(at('users.yaml'), `jdoe: {}\n${filler}`);
    await writeFile(at('users.json'), `{"jdoe":{}}${filler}`);
    await assert.rejects(new FileRecordStore({ path: 'users.yaml' }, surroundings).find(KEY), {
      code: 'UPSTREAM_ANSWER_INVALID',
    });
    assert.deepEqual(await new FileRecordStore({ path: 'users.json' }, surroundings).find(KEY), {});
  });

  it('file - a pipe in the place of a file holds nobody up', async (t) => {
    const { at, surroundings } = await bench(t);
    await mkdir(at('users'));
    execFileSync('mkfifo', [at('users/jdoe.yaml')]);
    const store = new FileRecordStore({ path: 'users' }, surroundings);
    await assert.rejects(store.find(KEY), { code: 'UPSTREAM_UNREACHABLE' });
  });
});
