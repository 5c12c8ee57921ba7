/** Opens uploads on an in-process store, for tests. */

import { randomBytes } from 'node:crypto';
import type { FileHandle, OpenMode } from '../../../file-system.ts';
import { openUpload, type UploadSettings } from '../upload.ts';
import { UploadMemory } from '../upload-memory.ts';
import { BucketStore } from './bucket-store.ts';

export const MIB = 1024 * 1024;
export const KEY = 'in/file.bin';

export const OVERWRITE: OpenMode = {
  read: false,
  write: true,
  append: false,
  create: true,
  truncate: true,
  exclusive: false,
};
/** Open for writing and not emptied: resume, rewrite. */
export const CONTINUE: OpenMode = { ...OVERWRITE, truncate: false };
export const APPEND: OpenMode = { ...CONTINUE, append: true };
export const EXCLUSIVE: OpenMode = { ...CONTINUE, exclusive: true };

export interface UploadingOptions extends Partial<UploadSettings> {
  readonly partialUploads?: 'store' | 'discard';
  readonly store?: BucketStore;
}

export class Uploading {
  readonly store: BucketStore;
  readonly memory: UploadMemory;
  readonly session = new AbortController();
  readonly lostTimes: string[] = [];
  readonly #settings: UploadSettings;
  readonly #partialUploads: 'store' | 'discard';

  constructor(options: UploadingOptions = {}) {
    this.store = options.store ?? new BucketStore();
    this.memory = options.memory ?? new UploadMemory({ maxBytes: 96 * MIB });
    this.#partialUploads = options.partialUploads ?? 'store';
    const { firstPartBytes = 8 * MIB, partsInFlight = 4 } = options;
    const onTimesLost: UploadSettings['onTimesLost'] = (_key, { code }) => this.lostTimes.push(code);
    this.#settings = { memory: this.memory, firstPartBytes, partsInFlight, onTimesLost };
  }

  open(mode: OpenMode = OVERWRITE, key = KEY): Promise<FileHandle> {
    return openUpload({
      store: this.store,
      key,
      mode,
      session: { signal: this.session.signal, partialUploads: this.#partialUploads },
      settings: this.#settings,
      properties: { metadata: { 'user-agent': 'AWSTransfer' } },
      existing: this.store.headNow(key),
    });
  }

  /** The bytes of the object, or undefined. */
  stored(key = KEY): Buffer | undefined {
    return this.store.contents.find(key)?.bytes;
  }

  /** Nothing is promised, running or left behind. */
  get isClean(): boolean {
    return (
      this.memory.usedBytes === 0 &&
      this.memory.waitingUploads === 0 &&
      this.store.running === 0 &&
      this.store.contents.uploads().length === 0
    );
  }
}

/** One block again and again would hide bytes that land a block off. */
export function someBytes(byteCount: number): Buffer {
  return randomBytes(byteCount);
}

/** As clients write: in order, in equal pieces. */
export async function writeAll(
  handle: FileHandle,
  bytes: Uint8Array,
  position = 0,
  pieceBytes = 256 * 1024,
): Promise<void> {
  for (let at = 0; at < bytes.length; at += pieceBytes)
    await handle.write([bytes.subarray(at, at + pieceBytes)], position + at);
}
