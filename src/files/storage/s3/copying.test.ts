import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import type { ObjectHead } from './object-store.ts';
import { type SimulatedStore, simulatedStore } from './testing/simulated-store.ts';

const MIB = 1024 * 1024;
const COPY_LIMITS = { maxCopyBytes: 5 * MIB, partBytes: 5 * MIB };
const signal = new AbortController().signal;

async function withSource(simulated: SimulatedStore, bytes: Buffer): Promise<ObjectHead> {
  const metadata = { mtime: '5' };
  simulated.service.contents.put('from', bytes, { metadata, contentType: 'text/x-test' });
  const head = await simulated.store.head('from', signal);
  assert.ok(head !== undefined);
  return head;
}

test('copy in parts - makes the same object, with its metadata and type', async (context) => {
  const simulated = await simulatedStore(context, { copyLimits: COPY_LIMITS });
  const { store, service } = simulated;
  for (const byteCount of [5 * MIB + 1, 10 * MIB, 13 * MIB]) {
    const bytes = randomBytes(byteCount);
    const source = await withSource(simulated, bytes);
    await store.copy(source, 'to', undefined, {}, signal);
    assert.ok(service.contents.get('to').bytes.equals(bytes));
    const copy = await store.head('to', signal);
    assert.deepEqual([copy?.metadata, copy?.contentType], [source.metadata, 'text/x-test']);
  }
  assert.equal(service.count('CopyObject'), 0);
  assert.equal(service.count('UploadPartCopy'), 2 + 2 + 3);
  await store.copy(await withSource(simulated, randomBytes(5 * MIB)), 'small', undefined, {}, signal);
  assert.equal(service.count('CopyObject'), 1);
});

test('copy in parts - does not begin where the target is there and must not be', async (context) => {
  const simulated = await simulatedStore(context, { copyLimits: COPY_LIMITS });
  const source = await withSource(simulated, randomBytes(6 * MIB));
  simulated.service.contents.put('to', Buffer.from('theirs'));
  const copied = simulated.store.copy(source, 'to', undefined, { mustBeNew: true }, signal);
  await assert.rejects(copied, { code: 'ALREADY_EXISTS' });
  assert.equal(simulated.service.count('CreateMultipartUpload'), 0);
  assert.equal(simulated.service.contents.get('to').bytes.toString(), 'theirs');
});

test('copy in parts - a part that fails leaves no object and no upload', async (context) => {
  const simulated = await simulatedStore(context, { copyLimits: COPY_LIMITS });
  const { store, service } = simulated;
  const source = await withSource(simulated, randomBytes(16 * MIB));
  service.failOperation('UploadPartCopy', { kind: 'status', status: 403, code: 'AccessDenied' });
  await assert.rejects(store.copy(source, 'to', undefined, {}, signal), { code: 'PERMISSION_DENIED' });
  assert.equal(service.contents.find('to'), undefined);
  assert.equal(service.contents.uploads().length, 0);
});

test('copy in parts - a source that was replaced meanwhile is refused', async (context) => {
  const simulated = await simulatedStore(context, { copyLimits: COPY_LIMITS });
  const source = await withSource(simulated, randomBytes(6 * MIB));
  simulated.service.contents.put('from', randomBytes(6 * MIB));
  await assert.rejects(simulated.store.copy(source, 'to', undefined, {}, signal), { code: 'IO_ERROR' });
  assert.equal(simulated.service.contents.uploads().length, 0);
});

test('copy in parts - given up while it begins, it leaves no upload', async (context) => {
  const simulated = await simulatedStore(context, { copyLimits: COPY_LIMITS });
  const { store, service } = simulated;
  const source = await withSource(simulated, randomBytes(6 * MIB));
  const caller = new AbortController();
  const copied = store.copy(source, 'to', undefined, {}, caller.signal);
  const isOver = assert.rejects(copied, { code: 'ABORTED' });
  while (service.count('CreateMultipartUpload') === 0) await new Promise((resolve) => setImmediate(resolve));
  caller.abort();
  await isOver;
  assert.equal(service.contents.uploads().length, 0);
  assert.equal(service.contents.find('to'), undefined);
});
