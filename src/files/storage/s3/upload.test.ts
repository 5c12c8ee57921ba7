import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FileError } from '../../error.ts';
import type { StoreCall } from './testing/bucket-store.ts';
import { EXCLUSIVE, KEY, MIB, OVERWRITE, someBytes, Uploading, writeAll } from './testing/uploading.ts';

const RANDOM_ACCESS = {
  code: 'NOT_SUPPORTED',
  message: /does not support random access writes to S3 objects/,
};

describe('upload', () => {
  it('F-60 small file - goes up as one PUT at close, and nothing is there before', async () => {
    const uploading = new Uploading();
    const handle = await uploading.open();
    const bytes = someBytes(100_000);
    await writeAll(handle, bytes, 0, 30_000);
    assert.equal(uploading.store.calls.length, 0);
    await handle.close();
    assert.deepEqual(uploading.stored(), bytes);
    assert.deepEqual(
      uploading.store.calls.map(({ name }) => name),
      ['put'],
    );
    assert.ok(uploading.isClean);
  });

  it('empty file - an opened and closed file is an empty object', async () => {
    const uploading = new Uploading();
    await (await uploading.open()).close();
    assert.equal(uploading.stored()?.length, 0);
    assert.ok(uploading.isClean);
  });

  it('F-60 large file - becomes parts of the usual size, equal but for the last', async () => {
    const uploading = new Uploading();
    const handle = await uploading.open();
    const bytes = someBytes(30 * MIB + 12_345);
    await writeAll(handle, bytes, 0, 30_000);
    await handle.close();
    assert.deepEqual(uploading.stored(), bytes);
    const parts = uploading.store.calls.filter(({ name }) => name === 'uploadPart');
    assert.deepEqual(
      parts.map(({ byteCount }) => byteCount),
      [8 * MIB, 8 * MIB, 8 * MIB, 6 * MIB + 12_345],
    );
    assert.ok(uploading.isClean);
  });

  it('one write - may be larger than several parts', async () => {
    const uploading = new Uploading({ firstPartBytes: 5 * MIB });
    const handle = await uploading.open();
    const bytes = someBytes(17 * MIB);
    await handle.write([bytes.subarray(0, MIB), bytes.subarray(MIB)], 0);
    await handle.close();
    assert.deepEqual(uploading.stored(), bytes);
  });

  it('views - may be used again by their owner once the write is answered', async () => {
    const uploading = new Uploading();
    const handle = await uploading.open();
    const bytes = someBytes(1000);
    const view = Buffer.from(bytes);
    await handle.write([view], 0);
    view.fill(0);
    await handle.close();
    assert.deepEqual(uploading.stored(), bytes);
  });

  it('F-62 stalled store - the write waits and nothing more is held', async () => {
    const uploading = new Uploading({ partsInFlight: 2 });
    const release = Promise.withResolvers<void>();
    uploading.store.before = ({ name }) => (name === 'uploadPart' ? release.promise : Promise.resolve());
    const handle = await uploading.open();
    const bytes = someBytes(40 * MIB);
    let written = 0;
    const writing = (async () => {
      for (; written < bytes.length; written += MIB)
        await handle.write([bytes.subarray(written, written + MIB)], written);
    })();
    await settle();
    assert.ok(written < 3 * 8 * MIB);
    assert.ok(uploading.memory.usedBytes <= 3 * 8 * MIB);
    release.resolve();
    await writing;
    await handle.close();
    assert.deepEqual(uploading.stored(), bytes);
    assert.ok(uploading.store.maxRunning <= 2);
    assert.ok(uploading.isClean);
  });

  it('failed part - is told at the next write and at close, and nothing is stored', async () => {
    const uploading = new Uploading();
    uploading.store.contents.put(KEY, Buffer.from('the version before'));
    uploading.store.before = failing('uploadPart', 2);
    const handle = await uploading.open();
    await assert.rejects(writeAll(handle, someBytes(64 * MIB)), { code: 'IO_ERROR' });
    await assert.rejects(handle.write([someBytes(1)], 64 * MIB), { code: 'IO_ERROR' });
    await assert.rejects(handle.close(), { code: 'IO_ERROR' });
    assert.equal(uploading.stored()?.toString(), 'the version before');
    assert.ok(uploading.isClean);
  });

  for (const name of ['put', 'createUpload', 'completeUpload'] as const) {
    it(`failed ${name} - close fails and leaves the version before`, async () => {
      const uploading = new Uploading();
      uploading.store.contents.put(KEY, Buffer.from('the version before'));
      uploading.store.before = failing(name, 1);
      const handle = await uploading.open();
      await writeAll(handle, someBytes(name === 'put' ? 100 : 9 * MIB)).catch(() => {});
      await assert.rejects(handle.close(), { code: 'IO_ERROR' });
      assert.equal(uploading.stored()?.toString(), 'the version before');
      assert.ok(uploading.isClean);
    });
  }

  it('close - cannot be had twice, nor anything after it', async () => {
    const uploading = new Uploading();
    const handle = await uploading.open();
    await handle.close();
    await assert.rejects(handle.close(), { code: 'INVALID_HANDLE' });
    await assert.rejects(handle.write([someBytes(1)], 0), { code: 'INVALID_HANDLE' });
    await assert.rejects(handle.stat(), { code: 'INVALID_HANDLE' });
    assert.equal(await handle.abort('failed'), 'discarded');
  });

  it('exclusive - is refused early, and at the end when somebody was faster', async () => {
    const uploading = new Uploading();
    const small = await uploading.open(EXCLUSIVE);
    const large = await uploading.open(EXCLUSIVE);
    await small.write([Buffer.from('ours')], 0);
    await writeAll(large, someBytes(9 * MIB));
    uploading.store.contents.put(KEY, Buffer.from('theirs'));
    await assert.rejects(small.close(), { code: 'ALREADY_EXISTS' });
    await assert.rejects(large.close(), { code: 'ALREADY_EXISTS' });
    await assert.rejects(uploading.open(EXCLUSIVE), { code: 'ALREADY_EXISTS' });
    assert.equal(uploading.stored()?.toString(), 'theirs');
    assert.ok(uploading.isClean);
  });

  it('missing file - is refused unless it may be made', async () => {
    await assert.rejects(new Uploading().open({ ...OVERWRITE, create: false }), { code: 'NOT_FOUND' });
  });

  it('F-61 random access - a write below what was sent is refused in the words of AWS', async () => {
    const uploading = new Uploading();
    const handle = await uploading.open();
    await writeAll(handle, someBytes(9 * MIB));
    await assert.rejects(handle.write([someBytes(10)], 8 * MIB - 1), RANDOM_ACCESS);
    assert.equal(await handle.abort('failed'), 'discarded');
    assert.equal(uploading.stored(), undefined);
    assert.ok(uploading.isClean);
  });

  it('size - nothing goes beyond 5 TB', async () => {
    const uploading = new Uploading();
    const handle = await uploading.open();
    await assert.rejects(handle.write([someBytes(2)], 5 * 1024 ** 4 - 1), {
      code: 'NO_SPACE',
      message: /5 TB/,
    });
    await assert.rejects(handle.close(), { code: 'NO_SPACE' });
    assert.ok(uploading.isClean);
  });

  it('stat - tells the bytes accepted so far', async () => {
    const uploading = new Uploading();
    const handle = await uploading.open();
    await writeAll(handle, someBytes(9 * MIB));
    const { sizeBytes, type } = await handle.stat();
    assert.deepEqual({ sizeBytes, type }, { sizeBytes: 9 * MIB, type: 'file' });
    await handle.abort('failed');
  });

  it('sync - promises nothing that only close can keep', async () => {
    const uploading = new Uploading();
    const handle = await uploading.open();
    await handle.write([someBytes(10)], 0);
    await assert.rejects(handle.sync(), { code: 'NOT_SUPPORTED' });
    await handle.close();
    assert.equal(uploading.stored()?.length, 10);
  });
});

function failing(name: StoreCall['name'], count: number): (call: StoreCall) => Promise<void> {
  return async (call) => {
    if (call.name === name && call.count === count) throw new FileError('IO_ERROR');
  };
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
}
