import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { FileError } from '../../error.ts';
import { S3Failure } from './errors.ts';
import type { ObjectBody, UploadedPart } from './object-store.ts';
import { type SimulatedStore, simulatedStore } from './testing/simulated-store.ts';

const signal = new AbortController().signal;
const PLAIN = { metadata: {} };
const UNAVAILABLE = { kind: 'status', status: 503, code: 'SlowDown' } as const;
const BROKEN = { kind: 'status', status: 500, code: 'InternalError' } as const;

/** In two views, as a part of an upload has many. */
function bodyOf(bytes: Buffer): ObjectBody {
  const middle = bytes.length >> 1;
  return { views: [bytes.subarray(0, middle), bytes.subarray(middle)], byteCount: bytes.length };
}

function text(value: string): ObjectBody {
  return bodyOf(Buffer.from(value));
}

async function all<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

async function read(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return Buffer.concat(await all(pieces));
}

function refusedWith(code: string, s3Code?: string) {
  return (error: unknown): boolean => {
    assert.ok(error instanceof FileError, String(error));
    assert.equal(error.code, code);
    if (s3Code === undefined) return true;
    assert.ok(error.cause instanceof S3Failure);
    assert.equal(error.cause.code, s3Code);
    return true;
  };
}

/** An upload of two parts that is ready to be completed. */
async function uploadOf(
  { store }: SimulatedStore,
  key: string,
  pieces: readonly string[],
): Promise<{ readonly uploadId: string; readonly parts: readonly UploadedPart[] }> {
  const uploadId = await store.createUpload(key, PLAIN, signal);
  const parts: UploadedPart[] = [];
  for (const [index, piece] of pieces.entries())
    parts.push(await store.uploadPart(key, uploadId, index + 1, text(piece), signal));
  return { uploadId, parts };
}

test('objects - what was put is found, read and listed, whatever the key is made of', async (t) => {
  const { store } = await simulatedStore(t);
  const key = 'a b+c/ü%41\u0001/&<x>.txt';
  const etag = await store.put(
    key,
    text('content'),
    { metadata: { mtime: '5', who: 'jürgen 😀' }, contentType: 'text/x' },
    {},
    signal,
  );
  const head = await store.head(key, signal);
  assert.equal(head?.etag, etag);
  assert.equal(head.sizeBytes, 7);
  assert.deepEqual(head.metadata, { mtime: '5', who: 'jürgen 😀' });
  assert.equal(head.contentType, 'text/x');
  const bytes = await read(await store.get(key, { position: 2, byteCount: 3 }, { ifMatch: etag }, signal));
  assert.equal(bytes.toString(), 'nte');
  const page = await store.list({ prefix: 'a b', maxKeys: 10 }, signal);
  assert.deepEqual(
    page.objects.map((object) => object.key),
    [key],
  );
  await store.remove(key, signal);
  await store.remove(key, signal);
  assert.equal(await store.head(key, signal), undefined);
});

test('objects - an empty one is put with its length', async (t) => {
  const { store } = await simulatedStore(t);
  await store.put('dir/', { views: [], byteCount: 0 }, PLAIN, {}, signal);
  assert.equal((await store.head('dir/', signal))?.sizeBytes, 0);
});

test('list - pages go on where the one before ended, groups counted once', async (t) => {
  const { store, service } = await simulatedStore(t);
  for (const key of ['a/1', 'a/2', 'b', 'c/1', 'd']) service.contents.put(key, Buffer.from('x'));
  const found: string[] = [];
  let token: string | undefined;
  do {
    const query = {
      prefix: '',
      delimiter: '/',
      maxKeys: 2,
      ...(token === undefined ? {} : { token }),
    } as const;
    const page = await store.list(query, signal);
    found.push(...page.prefixes, ...page.objects.map(({ key }) => key));
    token = page.nextToken;
  } while (token !== undefined);
  assert.deepEqual(found.sort(), ['a/', 'b', 'c/', 'd']);
});

test('errors - missing, forbidden, taken and changed are told apart', async (t) => {
  const { store, service } = await simulatedStore(t);
  const range = { position: 0, byteCount: 1 };
  await assert.rejects(store.get('none', range, {}, signal), refusedWith('NOT_FOUND', 'NoSuchKey'));
  await store.put('there', text('x'), PLAIN, {}, signal);
  await assert.rejects(
    store.put('there', text('y'), PLAIN, { mustBeNew: true }, signal),
    refusedWith('ALREADY_EXISTS', 'PreconditionFailed'),
  );
  await assert.rejects(store.get('there', range, { ifMatch: '"old"' }, signal), refusedWith('IO_ERROR'));
  service.failOperation('HeadObject', { kind: 'status', status: 403, code: 'AccessDenied' });
  await assert.rejects(store.head('there', signal), refusedWith('PERMISSION_DENIED'));
});

test('errors - the client is shown neither bucket nor key', async (t) => {
  const { store, service } = await simulatedStore(t);
  service.failOperation('PutObject', BROKEN, 10);
  const error: unknown = await store.put('secret-key', text('x'), PLAIN, {}, signal).catch((e: unknown) => e);
  assert.ok(error instanceof FileError);
  assert.doesNotMatch(error.message, /secret-key|simulated|PutObject/);
  assert.ok(error.cause instanceof S3Failure);
  assert.match(error.cause.message, /S3 PutObject: InternalError, HTTP 500, request SIMULATED/);
});

for (const [what, fault] of [
  ['503 SlowDown', UNAVAILABLE],
  ['500', BROKEN],
  ['a reset', { kind: 'reset' }],
  ['a checksum that did not fit', { kind: 'status', status: 400, code: 'BadDigest' }],
] as const) {
  test(`retries - ${what} is tried again, with the whole body`, async (t) => {
    const { store, service } = await simulatedStore(t);
    service.failOperation('PutObject', fault, 2);
    const bytes = randomBytes(700_000);
    await store.put('k', bodyOf(bytes), PLAIN, {}, signal);
    assert.equal(service.count('PutObject'), 3);
    assert.ok(service.contents.get('k').bytes.equals(bytes));
  });
}

test('retries - end, and what the service says for good is not tried again', async (t) => {
  const { store, service } = await simulatedStore(t);
  service.failOperation('DeleteObject', BROKEN, 100);
  await assert.rejects(store.remove('k', signal), refusedWith('IO_ERROR', 'InternalError'));
  assert.equal(service.count('DeleteObject'), 4);
  service.failOperation('ListObjectsV2', { kind: 'status', status: 403, code: 'AccessDenied' }, 100);
  await assert.rejects(store.list({ prefix: '', maxKeys: 1 }, signal), refusedWith('PERMISSION_DENIED'));
  assert.equal(service.count('ListObjectsV2'), 1);
});

test('stall - a service that never answers is given up and asked again', async (t) => {
  const { store, service } = await simulatedStore(t, { requestTimeoutMs: 200 });
  service.failOperation('UploadPart', { kind: 'hang' });
  const uploadId = await store.createUpload('k', PLAIN, signal);
  await store.uploadPart('k', uploadId, 1, bodyOf(randomBytes(3_000_000)), signal);
  assert.equal(service.count('UploadPart'), 2);
});

test('stall - a slow line is no stall as long as bytes move', async (t) => {
  const { store, service } = await simulatedStore(t, { requestTimeoutMs: 500 });
  service.contents.put('k', randomBytes(200_000));
  service.failOperation('GetObject', { kind: 'slow', bytesPerSecond: 200_000 });
  const bytes = await read(await store.get('k', { position: 0, byteCount: 200_000 }, {}, signal));
  assert.equal(bytes.length, 200_000);
  assert.equal(service.count('GetObject'), 1);
});

test("stall - a consumer that takes its time is not the service's fault", async (t) => {
  const { store, service } = await simulatedStore(t, { requestTimeoutMs: 200 });
  const bytes = randomBytes(2_000_000);
  service.contents.put('k', bytes);
  const pieces: Uint8Array[] = [];
  for await (const piece of await store.get('k', { position: 0, byteCount: bytes.length }, {}, signal)) {
    if (pieces.length === 0) await new Promise((resolve) => setTimeout(resolve, 500));
    pieces.push(piece);
  }
  assert.ok(Buffer.concat(pieces).equals(bytes));
  assert.equal(service.count('GetObject'), 1);
});

for (const kind of ['cut', 'stall'] as const) {
  test(`get - a body that breaks off (${kind}) is taken up again where it was`, async (t) => {
    const { store, service } = await simulatedStore(t, { requestTimeoutMs: 200 });
    const bytes = randomBytes(1_000_000);
    service.contents.put('k', bytes);
    service.failOperation('GetObject', { kind }, 2);
    const found = await read(await store.get('k', { position: 1000, byteCount: 900_000 }, {}, signal));
    assert.ok(found.equals(bytes.subarray(1000, 901_000)));
    assert.equal(service.count('GetObject'), 3);
    assert.equal(service.requests.at(-1)?.headers['if-match'], service.contents.get('k').etag);
  });
}

test('get - a body is not taken up again from another object', async (t) => {
  const { store, service } = await simulatedStore(t, { requestTimeoutMs: 200 });
  service.contents.put('k', randomBytes(1_000_000));
  service.failOperation('GetObject', { kind: 'stall' });
  const pieces = await store.get('k', { position: 0, byteCount: 1_000_000 }, {}, signal);
  service.contents.put('k', randomBytes(1_000_000));
  await assert.rejects(read(pieces), refusedWith('IO_ERROR', 'PreconditionFailed'));
});

test('abort - a call ends at once, and says so', async (t) => {
  const { store, service } = await simulatedStore(t);
  const controller = new AbortController();
  service.failOperation('PutObject', { kind: 'hang' }, 10);
  const put = store.put('k', text('x'), PLAIN, {}, controller.signal);
  setTimeout(() => controller.abort(), 50);
  await assert.rejects(put, refusedWith('ABORTED'));
  await assert.rejects(store.head('k', controller.signal), refusedWith('ABORTED'));
  assert.equal(service.count('HeadObject'), 0);
});

test('put - an answer that was lost is looked into: our object is a success', async (t) => {
  const { store, service } = await simulatedStore(t);
  service.failOperation('PutObject', { kind: 'lost-answer' }, 100);
  const etag = await store.put('k', text('ours'), PLAIN, {}, signal);
  assert.equal(etag, service.contents.get('k').etag);
});

test('put - after a lost answer our own object does not count as one that was there', async (t) => {
  const { store, service } = await simulatedStore(t);
  service.failOperation('PutObject', { kind: 'lost-answer' });
  await store.put('k', text('ours'), PLAIN, { mustBeNew: true }, signal);
  assert.equal(service.count('PutObject'), 2);
});

test("put - after failures somebody else's object is no success", async (t) => {
  const { store, service } = await simulatedStore(t);
  service.contents.put('k', Buffer.from('theirs'));
  service.failOperation('PutObject', BROKEN, 100);
  await assert.rejects(store.put('k', text('theirs'), PLAIN, {}, signal), refusedWith('IO_ERROR'));
});

test('complete - parts become one object, with checksums all the way', async (t) => {
  const simulated = await simulatedStore(t, { minPartBytes: 1 });
  const { uploadId, parts } = await uploadOf(simulated, 'k', ['one ', 'two']);
  assert.equal(simulated.service.contents.find('k'), undefined);
  await simulated.store.completeUpload('k', uploadId, parts, {}, signal);
  assert.equal(simulated.service.contents.get('k').bytes.toString(), 'one two');
  const sent = simulated.service.requests.filter(({ operation }) => operation === 'UploadPart');
  assert.ok(sent.every(({ headers }) => headers['x-amz-checksum-crc32'] !== undefined));
  assert.ok(sent.every(({ headers }) => headers['x-amz-content-sha256'] === 'UNSIGNED-PAYLOAD'));
});

for (const [what, fault] of [
  ['500', BROKEN],
  ['200 with an error in the body', { kind: 'error-in-body', code: 'InternalError' }],
  ['a reset', { kind: 'reset' }],
] as const) {
  test(`complete - ${what} is tried again`, async (t) => {
    const simulated = await simulatedStore(t, { minPartBytes: 1 });
    const { uploadId, parts } = await uploadOf(simulated, 'k', ['x']);
    simulated.service.failOperation('CompleteMultipartUpload', fault);
    await simulated.store.completeUpload('k', uploadId, parts, {}, signal);
    assert.equal(simulated.service.contents.get('k').bytes.toString(), 'x');
  });
}

for (const [what, fault] of [
  ['a lost answer', { kind: 'lost-answer' }],
  ['200 with an error after the work was done', { kind: 'error-in-body', code: 'InternalError', done: true }],
] as const) {
  test(`complete - ${what} is a success when the object is ours`, async (t) => {
    const simulated = await simulatedStore(t, { minPartBytes: 1 });
    const { uploadId, parts } = await uploadOf(simulated, 'k', ['x']);
    simulated.service.failOperation('CompleteMultipartUpload', fault);
    const etag = await simulated.store.completeUpload('k', uploadId, parts, { mustBeNew: true }, signal);
    assert.equal(etag, simulated.service.contents.get('k').etag);
  });
}

test('complete - a failure that stays leaves the object of before and no upload', async (t) => {
  const simulated = await simulatedStore(t, { minPartBytes: 1 });
  const { store, service } = simulated;
  service.contents.put('k', Buffer.from('before'));
  const { uploadId, parts } = await uploadOf(simulated, 'k', ['x']);
  service.failOperation('CompleteMultipartUpload', BROKEN, 100);
  await assert.rejects(store.completeUpload('k', uploadId, parts, {}, signal), refusedWith('IO_ERROR'));
  assert.equal(service.contents.get('k').bytes.toString(), 'before');
  assert.deepEqual(service.contents.uploads(), []);
});

test('complete - a refusal for good leaves the upload to its owner', async (t) => {
  const simulated = await simulatedStore(t, { minPartBytes: 1 });
  const { store, service } = simulated;
  const { uploadId, parts } = await uploadOf(simulated, 'k', ['x']);
  service.contents.put('k', Buffer.from('theirs'));
  const completed = store.completeUpload('k', uploadId, parts, { mustBeNew: true }, signal);
  await assert.rejects(completed, refusedWith('ALREADY_EXISTS'));
  assert.deepEqual(
    (await all(store.pendingUploads('', signal))).map((each) => each.uploadId),
    [uploadId],
  );
  await store.abortUpload('k', uploadId, signal);
  await store.abortUpload('k', uploadId, signal);
  assert.deepEqual(await all(store.pendingUploads('', signal)), []);
});

test('copy - keeps content, metadata, type and headers', async (t) => {
  const { store, service } = await simulatedStore(t);
  const headers = { cacheControl: 'no-cache', contentEncoding: 'gzip' };
  await store.put('from', text('x'), { metadata: { a: '1' }, contentType: 'text/x', headers }, {}, signal);
  const from = await store.head('from', signal);
  assert.ok(from !== undefined);
  await store.copy({ ...from, headers }, 'to ü+', undefined, {}, signal);
  const to = await store.head('to ü+', signal);
  assert.deepEqual(to?.metadata, { a: '1' });
  assert.equal(to.contentType, 'text/x');
  const sent = service.requests.find(({ operation }) => operation === 'CopyObject');
  assert.equal(sent?.headers['cache-control'], 'no-cache');
  assert.equal(sent.headers['content-encoding'], 'gzip');
});

test('copy - refuses a target that is there, also from services that ignore If-None-Match', async (t) => {
  const { store, service } = await simulatedStore(t);
  service.contents.put('from', Buffer.from('x'));
  service.contents.put('to', Buffer.from('y'));
  const from = await store.head('from', signal);
  assert.ok(from !== undefined);
  await assert.rejects(
    store.copy(from, 'to', undefined, { mustBeNew: true }, signal),
    refusedWith('ALREADY_EXISTS'),
  );
  assert.equal(service.count('CopyObject'), 0);
});

for (const [what, fault] of [
  ['200 with an error in the body', { kind: 'error-in-body', code: 'SlowDown' }],
  ['a lost answer', { kind: 'lost-answer' }],
] as const) {
  test(`copy - ${what} is tried again and proven`, async (t) => {
    const { store, service } = await simulatedStore(t);
    service.contents.put('from', Buffer.from('x'));
    const from = await store.head('from', signal);
    assert.ok(from !== undefined);
    service.failOperation('CopyObject', fault, 1);
    await store.copy(from, 'to', undefined, { mustBeNew: true }, signal);
    assert.equal(service.contents.get('to').bytes.toString(), 'x');
  });
}

test('copy - a source that changed meanwhile is not copied', async (t) => {
  const { store, service } = await simulatedStore(t);
  service.contents.put('from', Buffer.from('x'));
  const from = await store.head('from', signal);
  assert.ok(from !== undefined);
  service.contents.put('from', Buffer.from('changed'));
  await assert.rejects(store.copy(from, 'to', undefined, {}, signal), refusedWith('IO_ERROR'));
  assert.equal(service.contents.find('to'), undefined);
});

test('parts - one may be a stretch of another object, in an upload that says so', async (t) => {
  const { store, service } = await simulatedStore(t, { minPartBytes: 1 });
  const { etag } = service.contents.put('from', Buffer.from('0123456789'));
  const uploadId = await store.createUpload('k', PLAIN, signal, { holdsCopies: true });
  const source = { key: 'from', etag, position: 2, byteCount: 3 };
  const parts = [
    await store.copyPart('k', uploadId, 1, source, signal),
    await store.uploadPart('k', uploadId, 2, text('end'), signal),
  ];
  await store.completeUpload('k', uploadId, parts, {}, signal);
  assert.equal(service.contents.get('k').bytes.toString(), '234end');
  const sent = service.requests.find(({ operation }) => operation === 'UploadPart');
  assert.match(String(sent?.headers['x-amz-content-sha256']), /^[0-9a-f]{64}$/);
  assert.equal(sent?.headers['x-amz-checksum-crc32'], undefined);
});

test('uploads - outlive a service that is away for longer than a few attempts take', async (t) => {
  const { service, store } = await simulatedStore(t, { requestTimeoutMs: 30_000 });
  const uploadId = await store.createUpload('k', PLAIN, signal);
  service.failOperation('UploadPart', BROKEN, 5);
  const part = await store.uploadPart('k', uploadId, 1, text('content'), signal);
  assert.equal(service.count('UploadPart'), 6);
  service.failOperation('CompleteMultipartUpload', BROKEN, 5);
  await store.completeUpload('k', uploadId, [part], {}, signal);
  assert.equal(service.contents.get('k').bytes.toString(), 'content');
});

test('questions - are not asked for long: their client waits for the answer', async (t) => {
  const { service, store } = await simulatedStore(t, { requestTimeoutMs: 30_000 });
  service.failOperation('HeadObject', BROKEN, 5);
  await assert.rejects(store.head('k', signal), { code: 'IO_ERROR' });
  assert.equal(service.count('HeadObject'), 4);
});
