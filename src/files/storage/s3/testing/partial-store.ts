/** An object store that can do what a test gives it, and refuses everything else. */

import type { ObjectHead, ObjectStore } from '../object-store.ts';

export function partialStore(methods: Partial<ObjectStore>): ObjectStore {
  const refuse = async (): Promise<never> => {
    throw new Error('the test does not expect this call');
  };
  return {
    bucket: 'partial',
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
    abortUpload: refuse,
    pendingUploads: () => {
      throw new Error('the test does not expect this call');
    },
    ...methods,
  };
}

export function headOf(key: string, sizeBytes: number, rest: Partial<ObjectHead> = {}): ObjectHead {
  return { key, sizeBytes, lastModifiedMs: 0, etag: '"etag"', metadata: {}, ...rest };
}
