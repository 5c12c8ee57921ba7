import assert from 'node:assert/strict';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { DataFolder, DataFolderError, publishFile } from './data-folder.ts';
import { setUpDemo } from './demo.ts';
import { openHostKeys } from './host-keys.ts';

let root = '';
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'drawbridge-data-'));
});
after(() => rm(root, { recursive: true, force: true }));

const permissions = async (path: string): Promise<string> => ((await stat(path)).mode & 0o777).toString(8);

test('data folder - is made private to its owner', async () => {
  const data = await DataFolder.open(join(root, 'new', 'data'));
  assert.equal(await permissions(data.path), '700');
});

test('data folder - one that is a file, or below a file, is refused by name', async () => {
  const file = join(root, 'file');
  await writeFile(file, '');
  for (const path of [file, join(file, 'below')]) {
    await assert.rejects(
      DataFolder.open(path),
      (error) => error instanceof DataFolderError && error.message.startsWith(path),
    );
  }
});

test('keep - makes a file once, readable by its owner only, and keeps what is there', async () => {
  const data = await DataFolder.open(join(root, 'keep'));
  assert.deepEqual(await data.keep(['a', 'b.txt'], () => 'first'), { text: 'first', isNew: true });
  assert.deepEqual(await data.keep(['a', 'b.txt'], () => 'second'), { text: 'first', isNew: false });
  assert.equal(await permissions(data.pathOf('a', 'b.txt')), '600');
});

test('keep - of two that start at once, both get the same', async () => {
  const data = await DataFolder.open(join(root, 'race'));
  const kept = await Promise.all(['one', 'two', 'three'].map((text) => data.keep(['file'], () => text)));
  assert.equal(new Set(kept.map(({ text }) => text)).size, 1);
  assert.equal(kept.filter(({ isNew }) => isNew).length, 1);
});

test('publish - a file appears whole, private, and takes the place of an old one', async () => {
  const path = join(root, 'ready.json');
  await publishFile(path, 'old');
  await publishFile(path, '{}\n');
  assert.equal(await readFile(path, 'utf8'), '{}\n');
  assert.equal(await permissions(path), '600');
  await assert.rejects(publishFile(join(root, 'nowhere', 'ready.json'), ''), DataFolderError);
});

test('host keys - one of each type, the same at every start', async () => {
  const data = await DataFolder.open(join(root, 'keys'));
  const first = await openHostKeys(data);
  const second = await openHostKeys(data);
  assert.deepEqual(
    first.map((key) => key.publicKey.type),
    ['ssh-ed25519', 'ecdsa-sha2-nistp256', 'ssh-rsa'],
  );
  assert.deepEqual(
    second.map((key) => key.fingerprint),
    first.map((key) => key.fingerprint),
  );
});

test('host keys - a file that holds none is named, and never replaced', async () => {
  const data = await DataFolder.open(join(root, 'broken'));
  await data.keep(['host-keys', 'ed25519.pem'], () => 'not a key');
  await assert.rejects(openHostKeys(data), /ed25519\.pem: is not a private key in PEM form/);
  assert.equal(await readFile(data.pathOf('host-keys', 'ed25519.pem'), 'utf8'), 'not a key');
});

test('demo - its password is known at first start only, and is the one its function accepts', async () => {
  const data = await DataFolder.open(join(root, 'demo'));
  const first = await setUpDemo(data);
  const second = await setUpDemo(data);
  assert.match(first.password ?? '', /^([a-z2-9]{5}-){3}[a-z2-9]{5}$/);
  assert.equal(second.password, undefined);
  const { handler } = await import(data.pathOf('functions', 'demo.mjs'));
  const granted = await handler({ username: 'demo', password: first.password });
  assert.equal(granted.Role, 'arn:aws:iam::000000000000:role/transfer-user');
  assert.equal('PublicKeys' in granted, false);
  assert.deepEqual(await handler({ username: 'demo', password: 'wrong' }), {});
  assert.deepEqual(await handler({ username: 'other', password: first.password }), {});
  assert.deepEqual((await handler({ username: 'demo' })).PublicKeys, []);
  assert.doesNotMatch(await readFile(first.recordPath, 'utf8'), new RegExp(first.password ?? '-'));
});

test('demo - what its owner edited stays', async () => {
  const data = await DataFolder.open(join(root, 'edited'));
  await setUpDemo(data);
  const module = data.pathOf('functions', 'demo.mjs');
  await chmod(module, 0o600);
  await writeFile(module, '// mine');
  await setUpDemo(data);
  assert.equal(await readFile(module, 'utf8'), '// mine');
});
