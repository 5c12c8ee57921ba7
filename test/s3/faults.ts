/**
 * Faults between us and a real S3 server. After each: what the client was told equals what the bucket holds. Told that it
 * is stored, it is, byte for byte; told that it is not, the version of before is there, and no upload is left behind.
 */

import assert from 'node:assert/strict';
import { virtualPath } from '../../src/files/virtual-path.ts';
import {
  type FaultProxy,
  isAbort,
  isComplete,
  isCopy,
  isDelete,
  isGet,
  isPart,
  isPut,
  type ProxiedRequest,
  type ProxyFault,
} from './fault-proxy.ts';
import { assertSame, content, fetchAll, MIB, type Subject, save, upload } from './subject.ts';

export interface FaultCheck {
  readonly name: string;
  readonly run: (subject: Subject, proxy: FaultProxy, folder: string) => Promise<void>;
}

const LARGE_BYTES = 13 * MIB;
const SMALL_BYTES = 200_000;
const UNAVAILABLE = { kind: 'status', status: 503, code: 'SlowDown' } as const;
const BROKEN = { kind: 'status', status: 500, code: 'InternalError' } as const;

interface UploadFault {
  readonly name: string;
  readonly byteCount: number;
  readonly when: (request: ProxiedRequest) => boolean;
  readonly fault: ProxyFault;
  /** Absent: it never ends. */
  readonly times?: number;
  readonly isStored: boolean;
}

const UPLOAD_FAULTS: readonly UploadFault[] = [
  {
    name: 'slow parts',
    byteCount: LARGE_BYTES,
    when: isPart,
    fault: { kind: 'slow-request', bytesPerSecond: 4 * MIB },
    isStored: true,
  },
  {
    name: '503 for two parts',
    byteCount: LARGE_BYTES,
    when: isPart,
    fault: UNAVAILABLE,
    times: 2,
    isStored: true,
  },
  {
    name: 'parts reset half-way',
    byteCount: LARGE_BYTES,
    when: isPart,
    fault: { kind: 'reset' },
    times: 3,
    isStored: true,
  },
  {
    name: 'parts whose answers are lost',
    byteCount: LARGE_BYTES,
    when: isPart,
    fault: { kind: 'done-but-reset' },
    times: 3,
    isStored: true,
  },
  {
    name: 'a part that hangs',
    byteCount: LARGE_BYTES,
    when: isPart,
    fault: { kind: 'hang' },
    times: 1,
    isStored: true,
  },
  { name: '503 for all parts', byteCount: LARGE_BYTES, when: isPart, fault: UNAVAILABLE, isStored: false },
  {
    name: 'parts that all hang',
    byteCount: LARGE_BYTES,
    when: isPart,
    fault: { kind: 'hang' },
    isStored: false,
  },
  {
    name: '500 on complete, once',
    byteCount: LARGE_BYTES,
    when: isComplete,
    fault: BROKEN,
    times: 1,
    isStored: true,
  },
  {
    name: '500 on complete, for ever',
    byteCount: LARGE_BYTES,
    when: isComplete,
    fault: BROKEN,
    isStored: false,
  },
  {
    name: 'complete done, and 500 said',
    byteCount: LARGE_BYTES,
    when: isComplete,
    fault: { ...BROKEN, kind: 'done-but-status' },
    isStored: true,
  },
  {
    name: 'complete done, and 200 with an error said',
    byteCount: LARGE_BYTES,
    when: isComplete,
    fault: { kind: 'done-but-status', status: 200, code: 'InternalError' },
    isStored: true,
  },
  {
    name: 'complete done, and the connection reset',
    byteCount: LARGE_BYTES,
    when: isComplete,
    fault: { kind: 'done-but-reset' },
    isStored: true,
  },
  {
    name: 'complete that hangs',
    byteCount: LARGE_BYTES,
    when: isComplete,
    fault: { kind: 'hang' },
    times: 1,
    isStored: true,
  },
  {
    name: 'a small file, 503 twice',
    byteCount: SMALL_BYTES,
    when: isPut,
    fault: UNAVAILABLE,
    times: 2,
    isStored: true,
  },
  {
    name: 'a small file whose answers are lost',
    byteCount: SMALL_BYTES,
    when: isPut,
    fault: { kind: 'done-but-reset' },
    isStored: true,
  },
  { name: 'a small file, 500 for ever', byteCount: SMALL_BYTES, when: isPut, fault: BROKEN, isStored: false },
];

function uploadCheck({ name, byteCount, when, fault, times, isStored }: UploadFault): FaultCheck {
  return {
    name: `upload - ${name}`,
    run: async (subject, proxy, folder) => {
      const before = content(1000);
      const bytes = content(byteCount);
      const key = `${folder}/file`;
      const files = subject.files();
      await save(files, `/${key}`, before);
      proxy.fail(when, fault, times);
      const told = await upload(files, `/${key}`, bytes);
      proxy.heal();
      assertSame(
        await subject.stored(key),
        told.isStored ? bytes : before,
        'the bucket against what was told',
      );
      assert.equal(told.isStored, isStored, `told ${told.isStored ? 'stored' : String(told.error)}`);
      assert.equal(await subject.pendingUploads(key), 0, 'an upload is left behind');
    },
  };
}

const OTHER_CHECKS: readonly FaultCheck[] = [
  {
    name: 'upload - the service goes down in the middle: the journal knows what it left behind',
    run: async (subject, proxy, folder) => {
      const before = content(1000);
      const key = `${folder}/file`;
      const files = subject.files();
      await save(files, `/${key}`, before);
      const handle = await files.open(
        virtualPath(`/${key}`),
        {
          read: false,
          write: true,
          append: false,
          create: true,
          truncate: true,
          exclusive: false,
        },
        {},
      );
      await handle.write([content(6 * MIB)], 0);
      while ((await subject.pendingUploads(key)) === 0)
        await new Promise((resolve) => setTimeout(resolve, 20));
      proxy.goDown();
      await assert.rejects(handle.close());
      proxy.heal();
      assertSame(await subject.stored(key), before, 'the version of before');
      const left = await subject.pendingUploads(key);
      if (left > 0) assert.match(await subject.journal(), new RegExp(`"key":"${key}"`));
    },
  },
  ...(['cut-answer', 'stall-answer', 'hang'] as const).map((kind) => ({
    name: `download - ${kind}`,
    run: async (subject: Subject, proxy: FaultProxy, folder: string) => {
      const bytes = content(LARGE_BYTES);
      const files = subject.files();
      await save(files, `/${folder}/file`, bytes);
      proxy.fail(isGet, { kind }, 2);
      assertSame(await fetchAll(files, `/${folder}/file`), bytes, 'what was read');
    },
  })),
  ...(
    [
      ['503 on the copy', isCopy, UNAVAILABLE],
      ['a copy whose answer is lost', isCopy, { kind: 'done-but-reset' }],
      [
        'a copy done, and 200 with an error said',
        isCopy,
        { kind: 'done-but-status', status: 200, code: 'InternalError' },
      ],
      ['a delete whose answer is lost', isDelete, { kind: 'done-but-reset' }],
    ] as const
  ).map(([name, when, fault]) => ({
    name: `rename - ${name}`,
    run: async (subject: Subject, proxy: FaultProxy, folder: string) => {
      const bytes = content(SMALL_BYTES);
      const files = subject.files();
      await save(files, `/${folder}/from`, bytes);
      proxy.fail(when, fault, 1);
      await files.rename(virtualPath(`/${folder}/from`), virtualPath(`/${folder}/to`));
      assertSame(await subject.stored(`${folder}/to`), bytes, 'the target');
      assert.equal(await subject.stored(`${folder}/from`), undefined);
    },
  })),
  {
    name: 'rename - a copy that fails for ever leaves the source and no target',
    run: async (subject, proxy, folder) => {
      const bytes = content(SMALL_BYTES);
      const files = subject.files();
      await save(files, `/${folder}/from`, bytes);
      proxy.fail(isCopy, BROKEN);
      await assert.rejects(files.rename(virtualPath(`/${folder}/from`), virtualPath(`/${folder}/to`)));
      assertSame(await subject.stored(`${folder}/from`), bytes, 'the source');
      assert.equal(await subject.stored(`${folder}/to`), undefined);
    },
  },
  {
    name: 'abort - one that fails for ever leaves no object, and the journal knows the upload',
    run: async (subject, proxy, folder) => {
      const key = `${folder}/file`;
      const handle = await subject.files().open(
        virtualPath(`/${key}`),
        {
          read: false,
          write: true,
          append: false,
          create: true,
          truncate: true,
          exclusive: false,
        },
        {},
      );
      await handle.write([content(6 * MIB)], 0);
      proxy.fail(isAbort, BROKEN);
      await handle.abort('failed');
      proxy.heal();
      assert.equal(await subject.stored(key), undefined);
      if ((await subject.pendingUploads(key)) > 0)
        assert.match(await subject.journal(), new RegExp(`"key":"${key}"`));
    },
  },
];

export const FAULTS: readonly FaultCheck[] = [...UPLOAD_FAULTS.map(uploadCheck), ...OTHER_CHECKS];
