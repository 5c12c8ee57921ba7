/** What the tests of this room share: sessions, open modes, whole-file reads and writes. */

import type { FileSystem, OpenMode } from '../file-system.ts';
import type { PosixProfile, StorageSession } from '../storage.ts';
import { virtualPath } from '../virtual-path.ts';

export const READ: OpenMode = {
  read: true,
  write: false,
  append: false,
  create: false,
  truncate: false,
  exclusive: false,
};
export const WRITE: OpenMode = { ...READ, read: false, write: true, create: true, truncate: true };

/** Whom the process itself acts as. */
export function ownProfile(): PosixProfile {
  return {
    uid: process.geteuid?.() ?? 0,
    gid: process.getegid?.() ?? 0,
    secondaryGids: process.getgroups?.() ?? [],
  };
}

export function testSession(posixProfile?: PosixProfile): StorageSession {
  return {
    userName: 'jane',
    sessionId: '0123456789abcdef',
    serverId: 's-0123456789abcdef0',
    role: 'arn:aws:iam::000000000000:role/transfer-user',
    partialUploads: 'store',
    directoryListing: 'markers',
    signal: new AbortController().signal,
    ...(posixProfile === undefined ? {} : { posixProfile }),
  };
}

export async function store(files: FileSystem, path: string, text: string, mode = WRITE): Promise<void> {
  const handle = await files.open(virtualPath(path), mode, {});
  try {
    await handle.write([Buffer.from(text)], 0);
  } finally {
    await handle.close();
  }
}

export async function load(files: FileSystem, path: string): Promise<string> {
  const handle = await files.open(virtualPath(path), READ, {});
  try {
    const slice = await handle.read(0, 1_000_000);
    const text = Buffer.concat(slice.views).toString();
    slice.release();
    return text;
  } finally {
    await handle.close();
  }
}

export async function names(files: FileSystem, directory: string): Promise<string[]> {
  const reader = await files.list(virtualPath(directory));
  const found: string[] = [];
  try {
    for (let batch = await reader.next(2); batch.length > 0; batch = await reader.next(2)) {
      found.push(...batch.map((entry) => entry.name));
    }
  } finally {
    await reader.close();
  }
  return found.sort();
}
