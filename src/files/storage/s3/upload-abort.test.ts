import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  APPEND,
  CONTINUE,
  KEY,
  MIB,
  OVERWRITE,
  someBytes,
  Uploading,
  writeAll,
} from './testing/uploading.ts';
import { UploadMemory } from './upload-memory.ts';

describe('upload that ends early', () => {
  for (const byteCount of [0, 100, 9 * MIB]) {
    it(`failed - ${byteCount} bytes leave nothing`, async () => {
      const uploading = new Uploading();
      uploading.store.contents.put(KEY, Buffer.from('the version before'));
      const handle = await uploading.open();
      await writeAll(handle, someBytes(byteCount));
      assert.equal(await handle.abort('failed'), 'discarded');
      assert.equal(uploading.stored()?.toString(), 'the version before');
      assert.ok(uploading.isClean);
    });

    it(`disconnected - ${byteCount} bytes are stored, as AWS does it`, async () => {
      const uploading = new Uploading({ partialUploads: 'store' });
      const handle = await uploading.open();
      const bytes = someBytes(byteCount);
      await writeAll(handle, bytes);
      uploading.session.abort();
      assert.equal(await handle.abort('disconnected'), byteCount === 0 ? 'discarded' : 'kept');
      assert.deepEqual(uploading.stored(), byteCount === 0 ? undefined : bytes);
      assert.ok(uploading.isClean);
    });

    it(`disconnected - ${byteCount} bytes are discarded where the server is set so`, async () => {
      const uploading = new Uploading({ partialUploads: 'discard' });
      const handle = await uploading.open();
      await writeAll(handle, someBytes(byteCount));
      uploading.session.abort();
      assert.equal(await handle.abort('disconnected'), 'discarded');
      assert.equal(uploading.stored(), undefined);
      assert.ok(uploading.isClean);
    });
  }

  it('disconnected - what came behind a gap is not stored', async () => {
    const uploading = new Uploading();
    const handle = await uploading.open();
    const bytes = someBytes(1000);
    await handle.setAttributes({ sizeBytes: 5000 });
    await handle.write([bytes], 0);
    await handle.write([bytes], 2000);
    assert.equal(await handle.abort('disconnected'), 'kept');
    assert.deepEqual(uploading.stored(), bytes);
  });

  it('disconnected - a resumed file without new bytes stays as it was', async () => {
    const uploading = new Uploading();
    uploading.store.contents.put(KEY, Buffer.from('old'));
    assert.equal(await (await uploading.open(APPEND)).abort('disconnected'), 'discarded');
    assert.equal(uploading.stored()?.toString(), 'old');
    assert.equal(uploading.store.calls.length, 0);
  });

  it('disconnected while a write waits for the store - everything that came is stored', async () => {
    const uploading = new Uploading({ partsInFlight: 1 });
    const release = Promise.withResolvers<void>();
    uploading.store.before = ({ name }) => (name === 'uploadPart' ? release.promise : Promise.resolve());
    const handle = await uploading.open();
    const bytes = someBytes(16 * MIB);
    await writeAll(handle, bytes.subarray(0, 15 * MIB));
    const waiting = handle.write([bytes.subarray(15 * MIB)], 15 * MIB);
    uploading.session.abort();
    await assert.rejects(waiting, { code: 'ABORTED' });
    const ended = handle.abort('failed');
    release.resolve();
    assert.equal(await ended, 'kept');
    assert.deepEqual(uploading.stored(), bytes);
    assert.ok(uploading.isClean);
  });

  it('disconnected while the old object is being copied - the copy goes on where it was', async () => {
    const uploading = new Uploading({ partsInFlight: 1 });
    const old = someBytes(6 * MIB);
    uploading.store.contents.put(KEY, old);
    const release = Promise.withResolvers<void>();
    uploading.store.before = ({ name }) => (name === 'copyPart' ? release.promise : Promise.resolve());
    const handle = await uploading.open(CONTINUE);
    const bytes = someBytes(8 * MIB);
    const waiting = writeAll(handle, bytes, 6 * MIB, 8 * MIB);
    setImmediate(() => uploading.session.abort());
    await assert.rejects(waiting, { code: 'ABORTED' });
    const ended = handle.abort('failed');
    release.resolve();
    assert.equal(await ended, 'kept');
    assert.deepEqual(uploading.stored(), Buffer.concat([old, bytes]));
    assert.ok(uploading.isClean);
  });

  it('disconnected while a write waits for memory - what came before it is stored', async () => {
    const memory = new UploadMemory({ maxBytes: 16 * MIB });
    const uploading = new Uploading({ memory, firstPartBytes: 5 * MIB });
    const others = [await uploading.open(OVERWRITE, 'a'), await uploading.open(OVERWRITE, 'b')];
    for (const other of others) await other.write([someBytes(MIB)], 0);
    const handle = await uploading.open();
    const bytes = someBytes(1000);
    await handle.write([bytes], 0);
    const waiting = handle.write([someBytes(MIB)], 1000);
    assert.equal(memory.waitingUploads, 1);
    uploading.session.abort();
    await assert.rejects(waiting, { code: 'ABORTED' });
    assert.equal(await handle.abort('failed'), 'kept');
    assert.deepEqual(uploading.stored(), bytes);
    for (const other of others) await other.abort('failed');
    assert.ok(uploading.isClean);
  });

  it('disconnected with a failed part - is discarded', async () => {
    const uploading = new Uploading();
    uploading.store.before = async ({ name }) => {
      if (name === 'uploadPart') throw new Error('no');
    };
    const handle = await uploading.open();
    await writeAll(handle, someBytes(9 * MIB)).catch(() => {});
    assert.equal(await handle.abort('disconnected'), 'discarded');
    assert.equal(uploading.stored(), undefined);
    assert.ok(uploading.isClean);
  });

  it('aborted with parts on their way - they are cancelled, and waited for', async () => {
    const uploading = new Uploading();
    let cancelled = 0;
    uploading.store.before = ({ name }, signal) => {
      if (name !== 'uploadPart') return Promise.resolve();
      return new Promise((_, reject) => {
        const onAbort = (): void => {
          cancelled += 1;
          reject(new Error('cancelled'));
        };
        if (signal.aborted) onAbort();
        else signal.addEventListener('abort', onAbort, { once: true });
      });
    };
    const handle = await uploading.open();
    await writeAll(handle, someBytes(24 * MIB));
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(uploading.store.running, 3);
    assert.equal(await handle.abort('failed'), 'discarded');
    assert.equal(cancelled, 3);
    assert.ok(uploading.isClean);
  });

  it('aborted while the upload is being created - frees its memory at once, and removes what comes of it', async () => {
    const uploading = new Uploading();
    const release = Promise.withResolvers<void>();
    uploading.store.before = ({ name }) => (name === 'createUpload' ? release.promise : Promise.resolve());
    const handle = await uploading.open();
    await writeAll(handle, someBytes(24 * MIB));
    const ended = handle.abort('failed');
    await new Promise((resolve) => setTimeout(resolve, 10));
    assert.equal(uploading.memory.usedBytes, 0);
    release.resolve();
    assert.equal(await ended, 'discarded');
    assert.equal(uploading.store.count('abortUpload'), 1);
    assert.ok(uploading.isClean);
  });
});
