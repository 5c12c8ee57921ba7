import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { FileHandle } from '../../file-system.ts';
import { type SimulatedStore, simulatedStore } from './testing/simulated-store.ts';
import { CONTINUE, KEY, MIB, OVERWRITE, someBytes, writeAll } from './testing/uploading.ts';
import { openUpload } from './upload.ts';
import { UploadMemory } from './upload-memory.ts';

interface Service extends SimulatedStore {
  readonly memory: UploadMemory;
  readonly session: AbortController;
  open(mode?: typeof OVERWRITE): Promise<FileHandle>;
}

async function start(context: TestContext): Promise<Service> {
  const simulated = await simulatedStore(context);
  const { store } = simulated;
  const memory = new UploadMemory({ maxBytes: 96 * MIB });
  const session = new AbortController();
  const { signal } = session;
  const open = async (mode = OVERWRITE): Promise<FileHandle> =>
    openUpload({
      store,
      key: KEY,
      mode,
      session: { signal, partialUploads: 'store' },
      settings: { memory, firstPartBytes: 8 * MIB, partsInFlight: 4 },
      properties: { metadata: {} },
      existing: await store.head(KEY, new AbortController().signal),
    });
  return { ...simulated, memory, session, open };
}

describe('upload over HTTP', () => {
  it('parts that fail and then do not - are no failure of the upload', async (context) => {
    const { service, memory, open } = await start(context);
    service.failOperation('UploadPart', { kind: 'status', status: 503, code: 'SlowDown' }, 2);
    service.failOperation('UploadPart', { kind: 'reset' });
    const bytes = someBytes(20 * MIB);
    const handle = await open();
    await writeAll(handle, bytes);
    await handle.close();
    assert.ok(service.contents.find(KEY)?.bytes.equals(bytes));
    assert.equal(memory.usedBytes, 0);
  });

  it('complete that is refused - close fails, the version before stays, the parts are removed', async (context) => {
    const { service, memory, open } = await start(context);
    service.contents.put(KEY, Buffer.from('the version before'));
    service.failOperation(
      'CompleteMultipartUpload',
      { kind: 'status', status: 403, code: 'AccessDenied' },
      10,
    );
    const handle = await open();
    await writeAll(handle, someBytes(9 * MIB));
    await assert.rejects(handle.close(), { code: 'PERMISSION_DENIED' });
    assert.equal(service.contents.find(KEY)?.bytes.toString(), 'the version before');
    assert.equal(service.contents.uploads().length, 0);
    assert.equal(memory.usedBytes, 0);
  });

  it('complete whose answer is lost - close says what the bucket holds', async (context) => {
    const { service, open } = await start(context);
    service.failOperation('CompleteMultipartUpload', { kind: 'lost-answer' });
    const bytes = someBytes(9 * MIB);
    const handle = await open();
    await writeAll(handle, bytes);
    await handle.close();
    assert.ok(service.contents.find(KEY)?.bytes.equals(bytes));
  });

  it('client that goes away while parts hang - nothing stays, in the bucket or in memory', async (context) => {
    const { service, session, memory, open } = await start(context);
    service.failOperation('UploadPart', { kind: 'hang' }, 1000);
    const handle = await open();
    await writeAll(handle, someBytes(24 * MIB));
    session.abort();
    assert.equal(await handle.abort('failed'), 'discarded');
    assert.equal(service.contents.find(KEY), undefined);
    assert.equal(service.contents.uploads().length, 0);
    assert.equal(memory.usedBytes, 0);
  });

  it('resume - copies, adds and keeps the metadata it is given', async (context) => {
    const { service, open } = await start(context);
    const old = someBytes(6 * MIB);
    service.contents.put(KEY, old);
    const handle = await open(CONTINUE);
    const added = someBytes(100);
    await handle.write([added], old.length);
    await handle.setAttributes({ times: { accessedSeconds: 0, modifiedSeconds: 1_700_000_000 } });
    await handle.close();
    const stored = service.contents.get(KEY);
    assert.ok(stored.bytes.equals(Buffer.concat([old, added])));
    assert.equal(stored.metadata.mtime, '1700000000');
  });
});
