/** The temporary folder of a run: in memory where there is room, removed whatever happens. */

import { mkdtemp, rm, statfs } from 'node:fs/promises';
import { freemem, tmpdir } from 'node:os';
import path from 'node:path';

/** Linux's tmpfs for everybody: transfers measured there show the server, not the disk. */
const MEMORY_FOLDER = '/dev/shm';

export interface Workspace extends AsyncDisposable {
  readonly path: string;
  readonly inMemory: boolean;
  freeBytes(): Promise<number>;
}

/** Makes a folder on a file system with at least `neededBytes` free: tmpfs first, then the usual temporary folder. */
export async function makeWorkspace(name: string, neededBytes: number): Promise<Workspace> {
  // What tmpfs may hold at most says nothing of the memory that is left.
  const inMemory = Math.min(await freeBytes(MEMORY_FOLDER), freemem()) >= neededBytes;
  const folder = await mkdtemp(path.join(inMemory ? MEMORY_FOLDER : tmpdir(), `${name}-`));
  return {
    path: folder,
    inMemory,
    freeBytes: () => freeBytes(folder),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true, maxRetries: 3 }),
  };
}

async function freeBytes(folder: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch {
    return 0;
  }
}
