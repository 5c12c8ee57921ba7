import assert from 'node:assert/strict';
import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { FileError } from '../../error.ts';
import type { ObjectStore } from './object-store.ts';
import { Orphans } from './orphans.ts';
import { UploadJournal } from './upload-journal.ts';

const HOUR_MS = 3_600_000;

async function journalFile(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'drawbridge-journal-'));
  t.after(() => rm(folder, { recursive: true }));
  return join(folder, 'below', 'uploads.jsonl');
}

async function openJournal(file: string, nowMs: () => number = Date.now): Promise<UploadJournal> {
  const journal = new UploadJournal({ file, nowMs, onTrouble: (error) => assert.fail(String(error)) });
  await journal.open();
  return journal;
}

function abortingStore(abortUpload: ObjectStore['abortUpload']): ObjectStore {
  const refuse = () => assert.fail('only uploads are aborted');
  return {
    bucket: 'b',
    head: refuse,
    get: refuse,
    list: refuse,
    put: refuse,
    copy: refuse,
    remove: refuse,
    createUpload: refuse,
    uploadPart: refuse,
    copyPart: refuse,
    completeUpload: refuse,
    pendingUploads: refuse,
    abortUpload,
  };
}

test('journal - what was begun and not ended is known to the next process', async (t) => {
  const file = await journalFile(t);
  const first = await openJournal(file, () => 1000);
  first.begun('one', 'k1');
  first.begun('two', 'k2', 'arn:role');
  first.ended('one');
  await first.close();
  const second = await openJournal(file);
  assert.deepEqual(second.uploads(), [{ uploadId: 'two', key: 'k2', role: 'arn:role', activeMs: 1000 }]);
});

test('journal - a line that a crash cut off costs that line only', async (t) => {
  const file = await journalFile(t);
  const first = await openJournal(file, () => 1000);
  first.begun('one', 'k1');
  await first.close();
  await appendFile(file, '{"uploadId":"tw');
  const second = await openJournal(file);
  assert.deepEqual(
    second.uploads().map(({ uploadId }) => uploadId),
    ['one'],
  );
  second.begun('three', 'k3');
  await second.close();
  assert.equal((await readFile(file, 'utf8')).split('\n').length, 3);
});

test('journal - the file stays small however many uploads there are', async (t) => {
  const file = await journalFile(t);
  const journal = await openJournal(file);
  for (let number = 0; number < 1500; number += 1) {
    journal.begun(`u${number}`, 'key');
    journal.ended(`u${number}`);
  }
  await journal.close();
  assert.ok((await readFile(file, 'utf8')).split('\n').length < 1500);
});

test('journal - a folder that cannot be written stops nobody', async () => {
  const troubles: unknown[] = [];
  const journal = new UploadJournal({ file: '/dev/null/x/y', onTrouble: (error) => troubles.push(error) });
  await journal.open();
  journal.begun('one', 'k');
  await journal.close();
  assert.equal(journal.uploads().length, 1);
  assert.equal(troubles.length, 2);
});

test('orphans - only uploads that nobody worked on for long are aborted, and a failure is tried again', async (t) => {
  let nowMs = 0;
  const journal = await openJournal(await journalFile(t), () => nowMs);
  journal.begun('old', 'k1');
  journal.begun('slow', 'k2');
  journal.begun('stubborn', 'k3');
  nowMs = 10 * HOUR_MS;
  journal.active('slow');
  nowMs = 25 * HOUR_MS;
  const aborted: string[] = [];
  let refusals = 1;
  const store = abortingStore(async (_key, uploadId) => {
    if (uploadId === 'stubborn' && refusals-- > 0) throw new FileError('IO_ERROR');
  });
  const orphans = new Orphans({
    journal,
    maxIdleMs: 24 * HOUR_MS,
    storeFor: () => store,
    onAborted: ({ uploadId }) => aborted.push(uploadId),
    onFailed: ({ uploadId }) => aborted.push(`not ${uploadId}`),
    nowMs: () => nowMs,
  });
  await orphans.look();
  assert.deepEqual(aborted, ['old', 'not stubborn']);
  await orphans.look();
  assert.deepEqual(aborted, ['old', 'not stubborn', 'stubborn']);
  assert.deepEqual(
    journal.uploads().map(({ uploadId }) => uploadId),
    ['slow'],
  );
});

test('orphans - a stop ends the wait for the next look', async (t) => {
  const journal = await openJournal(await journalFile(t));
  const orphans = new Orphans({
    journal,
    maxIdleMs: HOUR_MS,
    storeFor: () => assert.fail('there is nothing to abort'),
    onAborted: () => undefined,
    onFailed: () => undefined,
  });
  orphans.start();
  await orphans.stop();
  assert.deepEqual(journal.uploads(), []);
});
