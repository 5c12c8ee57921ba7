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

const SMALL = 3 * MIB;
const LARGE = 12 * MIB + 345;

async function existing(byteCount: number): Promise<{ uploading: Uploading; old: Buffer }> {
  const uploading = new Uploading();
  const old = someBytes(byteCount);
  uploading.store.contents.put(KEY, old, { metadata: { color: 'blue' } });
  return { uploading, old };
}

describe('upload to an existing object', () => {
  for (const oldBytes of [1, SMALL, 5 * MIB, LARGE]) {
    for (const newBytes of [1, SMALL, LARGE]) {
      it(`resume - ${newBytes} bytes behind ${oldBytes} bytes`, async () => {
        const { uploading, old } = await existing(oldBytes);
        const handle = await uploading.open(CONTINUE);
        const added = someBytes(newBytes);
        await writeAll(handle, added, oldBytes);
        assert.equal((await handle.stat()).sizeBytes, oldBytes + newBytes);
        await handle.close();
        assert.deepEqual(uploading.stored(), Buffer.concat([old, added]));
        assert.ok(uploading.isClean);
      });

      it(`append - ${newBytes} bytes behind ${oldBytes} bytes, whatever position is given`, async () => {
        const { uploading, old } = await existing(oldBytes);
        const handle = await uploading.open(APPEND);
        const added = someBytes(newBytes);
        await writeAll(handle, added, 0);
        await handle.close();
        assert.deepEqual(uploading.stored(), Buffer.concat([old, added]));
        assert.ok(uploading.isClean);
      });

      it(`rewrite from the front - ${newBytes} bytes over ${oldBytes} bytes keep the rest, as on POSIX`, async () => {
        const { uploading, old } = await existing(oldBytes);
        const handle = await uploading.open(CONTINUE);
        const written = someBytes(newBytes);
        await writeAll(handle, written);
        await handle.close();
        assert.deepEqual(uploading.stored(), Buffer.concat([written, old.subarray(newBytes)]));
        assert.ok(uploading.isClean);
      });

      it(`rewrite from the middle - ${newBytes} bytes into ${oldBytes} bytes keep what is around`, async () => {
        const { uploading, old } = await existing(oldBytes);
        const at = Math.floor(oldBytes / 2);
        const handle = await uploading.open(CONTINUE);
        const written = someBytes(newBytes);
        await writeAll(handle, written, at);
        await handle.close();
        const expected = Buffer.concat([old.subarray(0, at), written, old.subarray(at + newBytes)]);
        assert.deepEqual(uploading.stored(), expected);
        assert.ok(uploading.isClean);
      });
    }
  }

  it('resume - a large object is copied inside the store and not fetched', async () => {
    const { uploading } = await existing(LARGE);
    const handle = await uploading.open(CONTINUE);
    await writeAll(handle, someBytes(10), LARGE);
    await handle.close();
    assert.deepEqual(
      uploading.store.calls.map(({ name }) => name),
      ['createUpload', 'copyPart', 'uploadPart', 'completeUpload'],
    );
  });

  for (const byteCount of [SMALL, LARGE]) {
    it(`resume - fails when the object of ${byteCount} bytes was replaced meanwhile`, async () => {
      const { uploading } = await existing(byteCount);
      const handle = await uploading.open(CONTINUE);
      uploading.store.contents.put(KEY, Buffer.from('theirs'));
      await handle.write([someBytes(10)], byteCount).catch(() => {});
      await assert.rejects(handle.close(), { code: 'IO_ERROR' });
      assert.equal(uploading.stored()?.toString(), 'theirs');
      assert.ok(uploading.isClean);
    });
  }

  it('resume - a write behind the end of the object is refused', async () => {
    const { uploading } = await existing(SMALL);
    const handle = await uploading.open(CONTINUE);
    await assert.rejects(handle.write([someBytes(10)], SMALL + 1), { code: 'NOT_SUPPORTED' });
    await handle.abort('failed');
    assert.ok(uploading.isClean);
  });

  it('append - makes a missing object', async () => {
    const uploading = new Uploading();
    const handle = await uploading.open(APPEND);
    await handle.write([Buffer.from('one ')], 1000);
    await handle.write([Buffer.from('two')], 0);
    await handle.close();
    assert.equal(uploading.stored()?.toString(), 'one two');
  });

  it('open without a write - leaves the object alone', async () => {
    const { uploading, old } = await existing(SMALL);
    await (await uploading.open(CONTINUE)).close();
    assert.equal(uploading.store.calls.length, 0);
    assert.deepEqual(uploading.stored(), old);
    assert.ok(uploading.isClean);
  });

  it('open for reading too - the old object can be read until the first write', async () => {
    const { uploading, old } = await existing(SMALL);
    const handle = await uploading.open({ ...CONTINUE, read: true });
    const { views, byteCount } = await handle.read(100, SMALL);
    assert.equal(byteCount, SMALL - 100);
    assert.deepEqual(Buffer.concat(views), old.subarray(100));
    await handle.write([someBytes(10)], SMALL);
    await assert.rejects(handle.read(0, 10), { code: 'NOT_SUPPORTED' });
    assert.equal((await handle.read(SMALL + 10, 10)).byteCount, 0);
    await handle.close();
    assert.equal(uploading.stored()?.length, SMALL + 10);
  });

  describe('sizes', () => {
    it('F-52 the size there is - is accepted, also 0 on a new file', async () => {
      const uploading = new Uploading();
      const handle = await uploading.open(OVERWRITE);
      await handle.setAttributes({ sizeBytes: 0 });
      await writeAll(handle, someBytes(9 * MIB));
      await handle.setAttributes({ sizeBytes: 9 * MIB });
      await handle.close();
      assert.equal(uploading.stored()?.length, 9 * MIB);
    });

    it('what was written - drops the rest of a longer old object, as scp ends an upload', async () => {
      const { uploading } = await existing(LARGE);
      const handle = await uploading.open(CONTINUE);
      const written = someBytes(SMALL);
      await writeAll(handle, written);
      await handle.setAttributes({ sizeBytes: SMALL });
      await handle.close();
      assert.deepEqual(uploading.stored(), written);
    });

    it('less than what was written - is possible while it was not sent', async () => {
      const uploading = new Uploading();
      const handle = await uploading.open(OVERWRITE);
      const bytes = someBytes(10 * MIB);
      await writeAll(handle, bytes);
      await handle.setAttributes({ sizeBytes: 9 * MIB });
      await assert.rejects(handle.setAttributes({ sizeBytes: 7 * MIB }), { code: 'NOT_SUPPORTED' });
      await handle.write([Buffer.from('end')], 9 * MIB);
      await handle.close();
      assert.deepEqual(uploading.stored(), Buffer.concat([bytes.subarray(0, 9 * MIB), Buffer.from('end')]));
    });

    it('0 - begins from empty, whatever was sent', async () => {
      const { uploading } = await existing(LARGE);
      const handle = await uploading.open(CONTINUE);
      await writeAll(handle, someBytes(20 * MIB), LARGE);
      await handle.setAttributes({ sizeBytes: 0 });
      assert.equal(uploading.store.contents.uploads().length, 0);
      await handle.write([Buffer.from('anew')], 0);
      await handle.close();
      assert.equal(uploading.stored()?.toString(), 'anew');
      assert.ok(uploading.isClean);
    });

    for (const sizeBytes of [0, 1, SMALL, 7 * MIB]) {
      it(`${sizeBytes} of an old object without a write - keeps its front`, async () => {
        const { uploading, old } = await existing(LARGE);
        const handle = await uploading.open(CONTINUE);
        await handle.setAttributes({ sizeBytes });
        await handle.close();
        assert.deepEqual(uploading.stored(), old.subarray(0, sizeBytes));
        assert.ok(uploading.isClean);
      });
    }

    it('more than there is - has to be written, or nothing is stored', async () => {
      const uploading = new Uploading();
      const kept = await uploading.open(OVERWRITE);
      await kept.setAttributes({ sizeBytes: 100 });
      await kept.write([someBytes(100)], 0);
      await kept.close();
      const broken = await uploading.open(OVERWRITE, 'broken');
      await broken.setAttributes({ sizeBytes: 100 });
      await broken.write([someBytes(99)], 0);
      await assert.rejects(broken.close(), { code: 'INVALID_ARGUMENT' });
      assert.equal(uploading.stored()?.length, 100);
      assert.equal(uploading.stored('broken'), undefined);
      assert.ok(uploading.isClean);
    });
  });

  describe('times', () => {
    const times = { accessedSeconds: 1, modifiedSeconds: 1_700_000_000 };

    for (const byteCount of [0, 100, 9 * MIB]) {
      it(`F-51 set on a handle of ${byteCount} bytes - are metadata of the object`, async () => {
        const uploading = new Uploading();
        const handle = await uploading.open(OVERWRITE);
        const bytes = someBytes(byteCount);
        await writeAll(handle, bytes);
        await handle.setAttributes({ times });
        assert.equal((await handle.stat()).modifiedMs, 1_700_000_000_000);
        await handle.close();
        const { metadata } = uploading.store.contents.get(KEY);
        assert.deepEqual(metadata, { 'user-agent': 'AWSTransfer', mtime: '1700000000' });
        assert.deepEqual(uploading.stored(), bytes);
        assert.equal(uploading.store.count('copy'), byteCount > 8 * MIB ? 1 : 0);
      });
    }

    it('without a write - are set on the old object', async () => {
      const { uploading, old } = await existing(SMALL);
      const handle = await uploading.open(CONTINUE);
      await handle.setAttributes({ times });
      await handle.close();
      assert.equal(uploading.store.headNow(KEY)?.metadata.mtime, '1700000000');
      assert.deepEqual(uploading.stored(), old);
    });

    it('that cannot be set on a stored object - do not make the upload fail, but are told', async () => {
      const uploading = new Uploading();
      uploading.store.before = async ({ name }) => {
        if (name === 'copy') throw new Error('no');
      };
      const handle = await uploading.open(OVERWRITE);
      await writeAll(handle, someBytes(9 * MIB));
      await handle.setAttributes({ times });
      await handle.close();
      assert.equal(uploading.stored()?.length, 9 * MIB);
      assert.deepEqual(uploading.lostTimes, ['IO_ERROR']);
    });

    it('with a mode - are kept, and the mode is refused', async () => {
      const uploading = new Uploading();
      const handle = await uploading.open(OVERWRITE);
      await assert.rejects(handle.setAttributes({ times, mode: 0o600 }), {
        code: 'NOT_SUPPORTED',
        message: 'FSETSTAT unsupported',
      });
      await handle.close();
      assert.equal(uploading.store.headNow(KEY)?.metadata.mtime, '1700000000');
    });
  });
});
