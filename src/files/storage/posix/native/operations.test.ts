import assert from 'node:assert/strict';
import fs, { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { READ, WRITE } from '../../../testing/fixture.ts';
import { posixFixture } from '../../../testing/posix-fixture.ts';
import { openFlags } from '../open-flags.ts';
import { ThreadIdentity } from './identity.ts';
import { Operations } from './operations.ts';
import type { Operation, Place } from './protocol.ts';
import { Resolver } from './resolver.ts';
import { RENAME_NOREPLACE, SystemCallError, type SystemCalls, systemCalls } from './system-calls.ts';

interface Bench {
  at(...names: string[]): string;
  perform(operation: Operation): number | undefined;
  /** Inodes of what was brought to stable storage since the last look. */
  synced(): number[];
}

/** Operations on this thread, with some of the system calls replaced. */
async function bench(context: TestContext, replaced: Partial<SystemCalls> = {}): Promise<Bench> {
  const { at } = await posixFixture(context);
  const synced: number[] = [];
  const real = systemCalls();
  const calls: SystemCalls = {
    ...real,
    fsync: (descriptor) => {
      synced.push(fs.fstatSync(descriptor).ino);
      real.fsync(descriptor);
    },
    ...replaced,
  };
  const root = fs.openSync(at(), fs.constants.O_RDONLY | fs.constants.O_DIRECTORY);
  context.after(() => fs.closeSync(root));
  const resolver = new Resolver(calls, root);
  const operations = new Operations({ calls, resolver, identity: new ThreadIdentity(calls) });
  return {
    at,
    perform: (operation) => operations.perform({ id: 1, profile: undefined, operation }).numbers[0],
    synced: () => synced.splice(0),
  };
}

function place(path: string): Place {
  return { base: '', path, followsLinks: true };
}

function inode(hostPath: string): number {
  return statSync(hostPath).ino;
}

test('durable - the directory of every name that is made, moved or removed is synchronised', async (context) => {
  const { at, perform, synced } = await bench(context);
  mkdirSync(at('d'));
  const [root, d] = [inode(at()), inode(at('d'))];
  const isDurable = true;
  perform({ kind: 'makeDirectory', place: place('d/new'), mode: 0o755, isDurable });
  assert.deepEqual(synced(), [d]);
  perform({ kind: 'symlink', target: 'd', place: place('l'), isDurable });
  assert.deepEqual(synced(), [root]);
  writeFileSync(at('a'), '');
  perform({ kind: 'link', from: place('a'), to: place('d/b'), isDurable });
  assert.deepEqual(synced(), [d]);
  perform({ kind: 'rename', from: place('a'), to: place('d/a'), replaces: false, isDurable });
  assert.deepEqual(synced().sort(), [root, d].sort());
  perform({ kind: 'remove', place: place('d/a'), isDirectory: false, isDurable });
  assert.deepEqual(synced(), [d]);
  perform({ kind: 'remove', place: place('d/new'), isDirectory: true, isDurable: false });
  assert.deepEqual(synced(), []);
});

test('durable - the name of a new file is synchronised when it is opened, that of an old one is not', async (context) => {
  const { at, perform, synced } = await bench(context);
  const open = (name: string, mode = WRITE): void => {
    const flags = openFlags(mode);
    const descriptor = perform({ kind: 'open', place: place(name), flags, mode: 0o644, isDurable: true });
    fs.closeSync(descriptor ?? -1);
  };
  open('a');
  assert.deepEqual(synced(), [inode(at())]);
  open('a');
  open('a', READ);
  assert.deepEqual(synced(), []);
  open('b', { ...WRITE, exclusive: true });
  assert.deepEqual(synced(), [inode(at())]);
  assert.throws(() => open('b', { ...WRITE, exclusive: true }), { code: 'EEXIST' });
  symlinkSync('c', at('to-nothing'));
  open('to-nothing');
  assert.ok(existsSync(at('c')));
});

test('rename - where the file system cannot refuse a target in one step, a second name does', async (context) => {
  const real = systemCalls();
  const { at, perform } = await bench(context, {
    renameat2: (from, name, to, newName, flags) => {
      if (flags === RENAME_NOREPLACE) throw new SystemCallError('renameat2', 'EINVAL');
      real.renameat2(from, name, to, newName, flags);
    },
  });
  for (const name of ['a', 'b']) writeFileSync(at(name), name);
  for (const name of ['d', 'e']) mkdirSync(at(name));
  const rename = (from: string, to: string): void => {
    perform({ kind: 'rename', from: place(from), to: place(to), replaces: false, isDurable: false });
  };
  assert.throws(() => rename('a', 'b'), { code: 'EEXIST' });
  assert.throws(() => rename('d', 'e'), { code: 'ALREADY_EXISTS' });
  rename('a', 'c');
  rename('d', 'f');
  assert.equal(readFileSync(at('c'), 'utf8'), 'a');
  assert.equal(statSync(at('c')).nlink, 1);
  assert.deepEqual([existsSync(at('a')), existsSync(at('d')), existsSync(at('f'))], [false, false, true]);
});

test('resolver - a path that is moved all the time ends, and what cannot be cut off is not', async (context) => {
  let attempts = 0;
  const { perform } = await bench(context, {
    openat2: () => {
      attempts += 1;
      throw new SystemCallError('openat2', 'EAGAIN');
    },
  });
  assert.throws(() => perform({ kind: 'stat', place: place('a'), showsLink: false }), { code: 'LINK_LOOP' });
  assert.ok(attempts > 1 && attempts < 1000);
});
