import assert from 'node:assert/strict';
import { closeSync, fstatSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { READ, WRITE } from '../../testing/fixture.ts';
import { openDescriptors, posixFixture } from '../../testing/posix-fixture.ts';
import { virtualPath as path } from '../../virtual-path.ts';
import { CALLS_IN_MEMORY, callsFromCache } from './native/calls-now.ts';
import { PAUSE_MS, PromptBudget } from './prompt-budget.ts';
import { type CallsNow, SMALL_FILE_BYTES, SmallFileCalls } from './small-file-calls.ts';

/** A disk that has nothing at hand. */
const WAITING: CallsNow = { read: () => undefined, write: () => undefined, closesAnything: false };

/** Whether `call` leaves work with a thread of Node. */
async function usesThread(call: () => Promise<unknown>): Promise<boolean> {
  const waiting = (): number =>
    process.getActiveResourcesInfo().filter((name) => name.startsWith('FSReq')).length;
  const before = waiting();
  const done = call();
  const result = waiting() > before;
  await done;
  return result;
}

function openSmall(hostPath: string, budget = new PromptBudget(), now = CALLS_IN_MEMORY) {
  const descriptor = openSync(hostPath, 'w+');
  return {
    descriptor,
    calls: new SmallFileCalls({ sizeBytes: fstatSync(descriptor).size, now, budget }),
  };
}

test('small files - are read, written, looked at and closed at once, until they grow', async (context) => {
  const { at } = await posixFixture(context);
  const { descriptor, calls } = openSmall(at('a'));
  const half = Buffer.alloc(SMALL_FILE_BYTES / 2, 'x');
  const buffer = Buffer.alloc(10);
  assert.equal(await usesThread(() => calls.write(descriptor, [half, half], 0)), false);
  assert.equal(await usesThread(() => calls.read(descriptor, buffer, 5)), false);
  assert.equal(await usesThread(() => calls.fstat(descriptor)), false);
  assert.equal(buffer.toString(), 'xxxxxxxxxx');
  assert.equal(await usesThread(() => calls.write(descriptor, [half], 1)), false);
  assert.equal(await usesThread(() => calls.write(descriptor, [half], SMALL_FILE_BYTES)), true);
  assert.equal(await usesThread(() => calls.read(descriptor, buffer, 0)), true);
  assert.equal(await usesThread(() => calls.fstat(descriptor)), true);
  assert.equal(await usesThread(() => calls.close(descriptor)), true);
  const small = openSmall(at('b'));
  assert.equal(await usesThread(() => small.calls.close(small.descriptor)), false);
});

test('small files - what is appended counts from the end', async (context) => {
  const { at } = await posixFixture(context);
  const { descriptor, calls } = openSmall(at('a'));
  const bytes = Buffer.alloc(SMALL_FILE_BYTES, 'x');
  assert.equal(await usesThread(() => calls.write(descriptor, [bytes], null)), false);
  assert.equal(await usesThread(() => calls.write(descriptor, [bytes], null)), true);
  await calls.close(descriptor);
  assert.equal(readFileSync(at('a')).length, 2 * SMALL_FILE_BYTES);
});

test('small files - what would wait for a disk is left to a thread', async (context) => {
  const { at } = await posixFixture(context);
  writeFileSync(at('b'), 'content');
  const descriptor = openSync(at('b'), 'r');
  const budget = new PromptBudget();
  const calls = new SmallFileCalls({ sizeBytes: 7, now: WAITING, budget });
  const buffer = Buffer.alloc(7);
  assert.equal(await usesThread(() => calls.read(descriptor, buffer, 0)), true);
  assert.equal(buffer.toString(), 'content');
  assert.equal(await usesThread(() => calls.close(descriptor)), false);
});

test('small files - on a disk, what was written or removed is written and closed by a thread', async (context) => {
  const { at } = await posixFixture(context);
  const written = openSmall(at('a'), new PromptBudget(), WAITING);
  assert.equal(await usesThread(() => written.calls.write(written.descriptor, [Buffer.from('x')], 0)), true);
  assert.equal(await usesThread(() => written.calls.close(written.descriptor)), true);
  const removed = openSmall(at('b'), new PromptBudget(), WAITING);
  rmSync(at('b'));
  assert.equal(await usesThread(() => removed.calls.close(removed.descriptor)), true);
});

test('small files - a call that fails says so, and leaves no descriptor', async () => {
  const before = openDescriptors();
  const descriptor = openSync('/dev/null', 'r');
  const calls = new SmallFileCalls({ sizeBytes: 0, now: CALLS_IN_MEMORY, budget: new PromptBudget() });
  await assert.rejects(calls.write(descriptor, [Buffer.from('x')], 0), { code: 'EBADF' });
  await calls.close(descriptor);
  await assert.rejects(calls.close(descriptor), { code: 'EBADF' });
  await assert.rejects(calls.fstat(descriptor), { code: 'EBADF' });
  assert.equal(openDescriptors(), before);
});

test('small files - one call that took long sends all others of the storage to threads, for a while', async (context) => {
  const { at } = await posixFixture(context);
  let nowMs = 0;
  const budget = new PromptBudget({ nowMs: () => nowMs });
  const { descriptor, calls } = openSmall(at('a'), budget, {
    ...CALLS_IN_MEMORY,
    read: () => {
      nowMs += 50;
      return 0;
    },
  });
  const other = openSmall(at('b'), budget);
  assert.equal(await usesThread(() => other.calls.fstat(other.descriptor)), false);
  await calls.read(descriptor, Buffer.alloc(1), 0);
  assert.equal(await usesThread(() => other.calls.fstat(other.descriptor)), true);
  nowMs += PAUSE_MS;
  assert.equal(await usesThread(() => other.calls.fstat(other.descriptor)), false);
  for (const open of [descriptor, other.descriptor]) closeSync(open);
});

test('small files - calls that do not wait take the right bytes at the right place, or none', async (context) => {
  const { at } = await posixFixture(context);
  writeFileSync(at('a'), '0123456789');
  const descriptor = openSync(at('a'), 'r+');
  const { read, write } = callsFromCache();
  const buffer = Buffer.alloc(8, '-');
  const byteCount = read(descriptor, buffer.subarray(2, 6), 7);
  if (byteCount !== undefined) assert.deepEqual([byteCount, buffer.toString()], [3, '--789---']);
  else assert.equal(buffer.toString(), '--------', 'the file system cannot tell');
  const views = ['ab', 'cde'].map((text) => Buffer.from(text));
  const written = write(descriptor, views, 3);
  if (written === undefined) assert.equal(readFileSync(at('a'), 'utf8'), '0123456789');
  else assert.deepEqual([written, readFileSync(at('a'), 'utf8')], [5, '012abcde89']);
  assert.equal(read(-1, buffer, 0), undefined);
  assert.equal(write(descriptor, Array(100).fill(buffer), 0), undefined, 'in too many pieces');
  closeSync(descriptor);
});

test('small files - a handle whose file is resized goes on by threads', async (context) => {
  const { files, at } = await posixFixture(context);
  const handle = await files.open(path('/a'), WRITE, {});
  await handle.setAttributes({ sizeBytes: 10 * SMALL_FILE_BYTES });
  assert.equal(await usesThread(() => handle.stat()), true);
  await handle.close();
  const reader = await files.open(path('/a'), READ, {});
  assert.equal(await usesThread(() => reader.stat()), true, 'no small file from the start');
  await reader.close();
  assert.equal(readFileSync(at('a')).length, 10 * SMALL_FILE_BYTES);
});
