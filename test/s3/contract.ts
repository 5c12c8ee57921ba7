/** What our S3 storage does on any server: the same checks at the level of objects and at the level of files. */

import assert from 'node:assert/strict';
import { FileError } from '../../src/files/error.ts';
import type { ObjectBody } from '../../src/files/storage/s3/object-store.ts';
import { names, READ, WRITE } from '../../src/files/testing/fixture.ts';
import { virtualPath } from '../../src/files/virtual-path.ts';
import type { S3ServerKind } from '../interop/lab/s3-server.ts';
import { abandon, assertSame, content, fetchAll, MIB, type Subject, save } from './subject.ts';

export interface Check {
  readonly name: string;
  /** Absent: for every server. */
  readonly only?: S3ServerKind;
  readonly run: (subject: Subject, folder: string) => Promise<void>;
}

const signal = new AbortController().signal;
const PLAIN = { metadata: {} };
const ODD_NAMES = ['a b', 'c+d', 'ü%41', '日本', "q'&<x>", 'tab\tx', '~!@$^()=[]{};,.'];
const LISTED_FILES = 1_100;
const APPEND = { ...WRITE, truncate: false, append: true };

function bodyOf(bytes: Buffer): ObjectBody {
  const middle = bytes.length >> 1;
  return { views: [bytes.subarray(0, middle), bytes.subarray(middle)], byteCount: bytes.length };
}

function refusedWith(...codes: readonly string[]) {
  return (error: unknown): boolean => {
    assert.ok(error instanceof FileError, String(error));
    assert.ok(codes.includes(error.code), `${error.code}: ${String(error.cause ?? error.message)}`);
    return true;
  };
}

const OBJECT_CHECKS: readonly Check[] = [
  {
    name: 'objects - metadata, type and headers come back, and survive a copy',
    run: async ({ store }, folder) => {
      const headers = { cacheControl: 'no-cache', contentDisposition: 'attachment' };
      const properties = { metadata: { mtime: '5', who: 'jürgen' }, contentType: 'text/x-test', headers };
      await store.put(`${folder}/from`, bodyOf(content(10)), properties, {}, signal);
      const from = await store.head(`${folder}/from`, signal);
      assert.ok(from !== undefined);
      await store.copy(from, `${folder}/to`, undefined, {}, signal);
      const to = await store.head(`${folder}/to`, signal);
      assert.deepEqual(to?.metadata, properties.metadata);
      assert.equal(to.contentType, 'text/x-test');
      assert.equal(to.headers?.cacheControl, 'no-cache');
    },
  },
  {
    name: 'objects - exclusive PUT, copy and completion refuse what is there',
    run: async ({ store }, folder) => {
      const key = `${folder}/x`;
      await store.put(key, bodyOf(content(10)), PLAIN, { mustBeNew: true }, signal);
      const again = store.put(key, bodyOf(content(10)), PLAIN, { mustBeNew: true }, signal);
      await assert.rejects(again, refusedWith('ALREADY_EXISTS'));
      const head = await store.head(key, signal);
      assert.ok(head !== undefined);
      await assert.rejects(
        store.copy(head, key, PLAIN, { mustBeNew: true }, signal),
        refusedWith('ALREADY_EXISTS'),
      );
      const uploadId = await store.createUpload(key, PLAIN, signal);
      const part = await store.uploadPart(key, uploadId, 1, bodyOf(content(100)), signal);
      const completed = store.completeUpload(key, uploadId, [part], { mustBeNew: true }, signal);
      await assert.rejects(completed, refusedWith('ALREADY_EXISTS'));
      await store.abortUpload(key, uploadId, signal);
    },
  },
  {
    name: 'objects - ranges, changed objects and missing ones',
    run: async ({ store }, folder) => {
      const key = `${folder}/r`;
      const bytes = content(100_000);
      await store.put(key, bodyOf(bytes), PLAIN, {}, signal);
      const pieces: Uint8Array[] = [];
      for await (const piece of await store.get(key, { position: 500, byteCount: 50_000 }, {}, signal))
        pieces.push(piece);
      assertSame(Buffer.concat(pieces), bytes.subarray(500, 50_500), 'the range');
      const range = { position: 0, byteCount: 1 };
      await assert.rejects(store.get(key, range, { ifMatch: '"other"' }, signal), refusedWith('IO_ERROR'));
      await assert.rejects(store.get(`${folder}/none`, range, {}, signal), refusedWith('NOT_FOUND'));
      assert.equal(await store.head(`${folder}/none`, signal), undefined);
      await store.remove(`${folder}/none`, signal);
    },
  },
  {
    name: 'uploads - parts, copied ones among them, become one object',
    run: async (subject, folder) => {
      const { store } = subject;
      const key = `${folder}/big`;
      const source = content(6 * MIB);
      const etag = await store.put(`${folder}/source`, bodyOf(source), PLAIN, {}, signal);
      const uploadId = await store.createUpload(key, { metadata: { a: '1' } }, signal, { holdsCopies: true });
      const last = content(1000);
      const from = { key: `${folder}/source`, etag, position: 100, byteCount: 5 * MIB };
      const parts = [
        await store.copyPart(key, uploadId, 1, from, signal),
        await store.uploadPart(key, uploadId, 2, bodyOf(last), signal),
      ];
      await store.completeUpload(key, uploadId, parts, {}, signal);
      const expected = Buffer.concat([source.subarray(100, 100 + 5 * MIB), last]);
      assertSame(await subject.stored(key), expected, 'the object');
      assert.deepEqual((await store.head(key, signal))?.metadata, { a: '1' });
    },
  },
  {
    name: 'objects - a copy in parts is the same object, and leaves nothing behind',
    run: async (subject, folder) => {
      const { store, partingStore } = subject;
      const key = `${folder}/a b+c%20&é`;
      const bytes = content(11 * MIB + 5);
      const properties = { metadata: { mtime: '5' }, contentType: 'text/x-test' };
      await store.put(key, bodyOf(bytes), properties, {}, signal);
      const from = await store.head(key, signal);
      assert.ok(from !== undefined);
      await partingStore.copy(from, `${folder}/to`, undefined, { mustBeNew: true }, signal);
      assertSame(await subject.stored(`${folder}/to`), bytes, 'the copy');
      const to = await store.head(`${folder}/to`, signal);
      assert.deepEqual([to?.metadata, to?.contentType], [properties.metadata, properties.contentType]);
      const again = partingStore.copy(from, `${folder}/to`, undefined, { mustBeNew: true }, signal);
      await assert.rejects(again, refusedWith('ALREADY_EXISTS'));
      assert.equal(await subject.pendingUploads(folder), 0);
    },
  },
  {
    name: 'objects - a copy in parts of a source that was replaced is refused',
    // moto 5.2 does not heed `x-amz-copy-source-if-match` of a part.
    only: 'versitygw',
    run: async (subject, folder) => {
      const { store, partingStore } = subject;
      await store.put(`${folder}/from`, bodyOf(content(6 * MIB)), PLAIN, {}, signal);
      const from = await store.head(`${folder}/from`, signal);
      assert.ok(from !== undefined);
      await store.put(`${folder}/from`, bodyOf(content(6 * MIB)), PLAIN, {}, signal);
      await assert.rejects(partingStore.copy(from, `${folder}/to`, undefined, {}, signal));
      assert.equal(await subject.stored(`${folder}/to`), undefined);
      assert.equal(await subject.pendingUploads(folder), 0);
    },
  },
  {
    name: 'uploads - what is not ended is listed, and gone after an abort',
    run: async ({ store }, folder) => {
      const key = `${folder}/left`;
      const uploadId = await store.createUpload(key, PLAIN, signal);
      const found: string[] = [];
      for await (const upload of store.pendingUploads(key, signal)) found.push(upload.uploadId);
      assert.deepEqual(found, [uploadId]);
      await store.abortUpload(key, uploadId, signal);
      await store.abortUpload(key, uploadId, signal);
      for await (const upload of store.pendingUploads(key, signal)) assert.fail(upload.uploadId);
    },
  },
];

const FILE_CHECKS: readonly Check[] = [
  {
    name: 'files - nothing, a little, and several parts come back as they were',
    run: async (subject, folder) => {
      const files = subject.files();
      for (const byteCount of [0, 1, 300_000, 17 * MIB + 3]) {
        const bytes = content(byteCount);
        await save(files, `/${folder}/f${byteCount}`, bytes);
        assertSame(await subject.stored(`${folder}/f${byteCount}`), bytes, `${byteCount} bytes stored`);
        assertSame(await fetchAll(files, `/${folder}/f${byteCount}`), bytes, `${byteCount} bytes read`);
      }
    },
  },
  {
    name: 'files - are seen when they are closed, not before',
    run: async (subject, folder) => {
      const handle = await subject.files().open(virtualPath(`/${folder}/v`), WRITE, {});
      await handle.write([content(12 * MIB)], 0);
      assert.equal(await subject.stored(`${folder}/v`), undefined);
      await handle.close();
      assert.equal((await subject.stored(`${folder}/v`))?.length, 12 * MIB);
    },
  },
  {
    name: 'files - go on where they ended, small ones and large ones',
    run: async (subject, folder) => {
      const files = subject.files();
      for (const byteCount of [1000, 11 * MIB]) {
        const [first, second] = [content(byteCount), content(6 * MIB)];
        const name = `/${folder}/a${byteCount}`;
        await save(files, name, first);
        await save(files, name, second, APPEND);
        assertSame(
          await fetchAll(files, name),
          Buffer.concat([first, second]),
          `${byteCount} bytes continued`,
        );
      }
    },
  },
  {
    name: 'files - a client that goes away leaves what it sent, or nothing, as configured',
    run: async (subject, folder) => {
      const bytes = content(7 * MIB);
      assert.equal(await abandon(subject.files(), `/${folder}/p`, bytes, 'disconnected'), 'kept');
      assertSame(await subject.stored(`${folder}/p`), bytes, 'the partial file');
      const strict = subject.files({ partialUploads: 'discard' });
      assert.equal(await abandon(strict, `/${folder}/q`, bytes, 'disconnected'), 'discarded');
      assert.equal(await subject.stored(`${folder}/q`), undefined);
      assert.equal(await subject.pendingUploads(`${folder}/q`), 0);
    },
  },
  {
    name: 'files - odd names are kept',
    run: async (subject, folder) => {
      const files = subject.files();
      for (const name of ODD_NAMES) await save(files, `/${folder}/${name}`, Buffer.from(name));
      assert.deepEqual((await names(files, `/${folder}`)).sort(), [...ODD_NAMES].sort());
      for (const name of ODD_NAMES)
        assert.equal((await fetchAll(files, `/${folder}/${name}`)).toString(), name);
    },
  },
  {
    name: 'files - times that a client sets are kept, with the bytes',
    run: async (subject, folder) => {
      const files = subject.files();
      const path = virtualPath(`/${folder}/t`);
      await save(files, path, Buffer.from('x'));
      const times = { accessedSeconds: 5, modifiedSeconds: 1_000_000_000 };
      await files.setAttributes(path, { times }, { followLinks: true });
      assert.equal((await files.stat(path, { followLinks: true })).modifiedMs, 1_000_000_000_000);
      assert.equal((await fetchAll(files, path)).toString(), 'x');
    },
  },
  {
    name: 'files - exclusive creation and missing files are refused',
    run: async (subject, folder) => {
      const files = subject.files();
      const path = virtualPath(`/${folder}/e`);
      await save(files, path, Buffer.from('x'));
      await assert.rejects(
        files.open(path, { ...WRITE, exclusive: true }, {}),
        refusedWith('ALREADY_EXISTS'),
      );
      await assert.rejects(files.open(virtualPath(`/${folder}/none`), READ, {}), refusedWith('NOT_FOUND'));
      await assert.rejects(files.remove(virtualPath(`/${folder}/none`)), refusedWith('NOT_FOUND'));
    },
  },
  {
    name: 'directories - made, listed, kept while they hold something, removed',
    run: async (subject, folder) => {
      const files = subject.files();
      const directory = virtualPath(`/${folder}/d`);
      await files.makeDirectory(directory, {});
      await assert.rejects(files.makeDirectory(directory, {}), refusedWith('ALREADY_EXISTS'));
      assert.deepEqual(await names(files, directory), []);
      await save(files, `${directory}/f`, Buffer.from('x'));
      assert.equal((await files.stat(directory, { followLinks: true })).type, 'directory');
      await assert.rejects(files.removeDirectory(directory), refusedWith('NOT_EMPTY'));
      await assert.rejects(files.remove(directory), refusedWith('IS_A_DIRECTORY'));
      await files.remove(virtualPath(`${directory}/f`));
      await files.removeDirectory(directory);
      await assert.rejects(files.stat(directory, { followLinks: true }), refusedWith('NOT_FOUND'));
    },
  },
  {
    name: `directories - a listing of ${LISTED_FILES} files in several pages is whole`,
    run: async (subject, folder) => {
      const numbers = Array.from({ length: LISTED_FILES }, (_, index) => `f${index}`);
      const put = async () => {
        for (let name = numbers.pop(); name !== undefined; name = numbers.pop())
          await subject.store.put(`${folder}/${name}`, { views: [], byteCount: 0 }, PLAIN, {}, signal);
      };
      await Promise.all(Array.from({ length: 16 }, put));
      assert.equal(new Set(await names(subject.files(), `/${folder}`)).size, LISTED_FILES);
    },
  },
  {
    name: 'rename - of a file moves it, and refuses a target that is there',
    run: async (subject, folder) => {
      const files = subject.files();
      const [from, to] = [virtualPath(`/${folder}/x.filepart`), virtualPath(`/${folder}/x`)];
      const bytes = content(6 * MIB);
      await save(files, from, bytes);
      await files.rename(from, to);
      assertSame(await subject.stored(`${folder}/x`), bytes, 'the renamed file');
      assert.equal(await subject.stored(`${folder}/x.filepart`), undefined);
      await save(files, from, Buffer.from('y'));
      await assert.rejects(files.rename(from, to), refusedWith('ALREADY_EXISTS'));
      await files.replacing?.replace(from, to);
      assert.equal((await fetchAll(files, to)).toString(), 'y');
    },
  },
  {
    name: 'rename - of a directory moves all that is in it',
    run: async (subject, folder) => {
      const files = subject.files();
      await files.makeDirectory(virtualPath(`/${folder}/old`), {});
      for (const name of ['a', 'b/c', 'b/d']) await save(files, `/${folder}/old/${name}`, Buffer.from(name));
      await files.rename(virtualPath(`/${folder}/old`), virtualPath(`/${folder}/new`));
      assert.equal((await fetchAll(files, `/${folder}/new/b/c`)).toString(), 'b/c');
      assert.deepEqual(await subject.storedKeys(`${folder}/old`), []);
    },
  },
];

const ROLE_CHECKS: readonly Check[] = [
  {
    // versitygw has no STS, and MinIO's knows its own users and no roles.
    only: 'moto',
    name: 'roles - a session works with the keys that STS hands out for its role',
    run: async (subject, folder) => {
      const files = await subject.roleFiles();
      await save(files, `/${folder}/f`, Buffer.from('x'));
      assert.equal((await fetchAll(files, `/${folder}/f`)).toString(), 'x');
    },
  },
];

export const CONTRACT: readonly Check[] = [...OBJECT_CHECKS, ...FILE_CHECKS, ...ROLE_CHECKS];
