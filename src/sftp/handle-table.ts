/** The open files and directories of a session, by the handles the client holds. */

import { FileError } from '../files/error.ts';
import type { VirtualPath } from '../files/virtual-path.ts';
import type { ByteReader } from '../wire/byte-reader.ts';
import { ByteWriter } from '../wire/byte-writer.ts';
import { OpenDirectory } from './open-directory.ts';
import { OpenFile } from './open-file.ts';
import { MessageType } from './protocol.ts';
import type { Reply } from './reply.ts';

type Open = OpenFile | OpenDirectory;

/** OpenSSH and Apache MINA use as many; clients allow up to 256. */
const HANDLE_BYTES = 4;

export class HandleTable {
  readonly #maxOpen: number;
  readonly #byHandle = new Map<number, Open>();
  /** Those of `#byHandle`, and those whose CLOSE is not done. */
  readonly #open = new Set<Open>();
  #occupied = 0;
  /** Counts up, so that a handle comes back only after four thousand million others. */
  #nextHandle = 1;

  constructor(maxOpen: number) {
    this.#maxOpen = maxOpen;
  }

  /** Files that are open or being closed. */
  get openFiles(): number {
    let count = 0;
    for (const open of this.#open) if (open instanceof OpenFile) count += 1;
    return count;
  }

  /**
   * Runs `opening` while a place is kept for what it opens.
   *
   * @throws FileError TOO_MANY_OPEN, or what `opening` throws
   */
  async open(opening: () => Promise<Open>): Promise<Reply> {
    return this.occupying(async () => this.#add(await opening()));
  }

  /** As `open`, for a file that the client gets no handle of. */
  keep(opening: () => Promise<OpenFile>): Promise<OpenFile> {
    return this.occupying(async () => {
      const file = await opening();
      this.#open.add(file);
      return file;
    });
  }

  /** Runs `work` while it takes the place of an open file. @throws FileError TOO_MANY_OPEN, or what `work` throws */
  async occupying<T>(work: () => Promise<T>): Promise<T> {
    if (this.#open.size + this.#occupied >= this.#maxOpen) throw new FileError('TOO_MANY_OPEN');
    this.#occupied += 1;
    try {
      return await work();
    } finally {
      this.#occupied -= 1;
    }
  }

  /** @throws FileError INVALID_HANDLE */
  file(fields: ByteReader): OpenFile {
    const open = this.#byHandle.get(readHandle(fields));
    if (open instanceof OpenFile) return open;
    throw new FileError('INVALID_HANDLE');
  }

  /** @throws FileError INVALID_HANDLE */
  directory(fields: ByteReader): OpenDirectory {
    const open = this.#byHandle.get(readHandle(fields));
    if (open instanceof OpenDirectory) return open;
    throw new FileError('INVALID_HANDLE');
  }

  /** What is to be closed; its handle is invalid from now on. @throws FileError INVALID_HANDLE */
  take(fields: ByteReader): Open {
    const handle = readHandle(fields);
    const open = this.#byHandle.get(handle);
    if (open === undefined) throw new FileError('INVALID_HANDLE');
    this.#byHandle.delete(handle);
    return open;
  }

  /** Resolves when the WRITEs to `path` that were sent before are done; undefined when there are none. */
  writesDone(path: VirtualPath): Promise<unknown> | undefined {
    let pending: Promise<unknown> | undefined;
    for (const open of this.#open) {
      const done = open instanceof OpenFile && open.path === path ? open.writesDone() : undefined;
      if (done !== undefined) pending = pending === undefined ? done : Promise.all([pending, done]);
    }
    return pending;
  }

  /** Its CLOSE or abort is done. */
  forget(open: Open): void {
    this.#open.delete(open);
  }

  abortAll(): void {
    this.#byHandle.clear();
    for (const open of this.#open) void open.abort();
  }

  #add(open: Open): Reply {
    while (this.#byHandle.has(this.#nextHandle)) this.#nextHandle = (this.#nextHandle + 1) % 2 ** 32;
    const handle = this.#nextHandle;
    this.#nextHandle = (handle + 1) % 2 ** 32;
    this.#open.add(open);
    this.#byHandle.set(handle, open);
    const body = new ByteWriter(4 + HANDLE_BYTES).uint32(HANDLE_BYTES).uint32(handle).finish();
    return { kind: 'message', type: MessageType.HANDLE, body };
  }
}

/** The number of a handle; -1, which no handle has, for bytes that we did not make. */
function readHandle(fields: ByteReader): number {
  const byteCount = fields.uint32();
  if (byteCount === HANDLE_BYTES) return fields.uint32();
  fields.bytes(byteCount);
  return -1;
}
