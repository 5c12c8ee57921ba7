/** OPEN and OPENDIR. */

import { FileError } from '../../files/error.ts';
import type { AttributeChanges, DirectoryReader, FileHandle, OpenMode } from '../../files/file-system.ts';
import type { VirtualPath } from '../../files/virtual-path.ts';
import { readAttributes } from '../attributes.ts';
import { OpenDirectory } from '../open-directory.ts';
import { OpenFile } from '../open-file.ts';
import { OpenFlag } from '../protocol.ts';
import { afterWrites, answering, readPath, type SftpSession } from '../session.ts';

export const open = answering(async (session, request, fields) => {
  const path = readPath(session, request, fields);
  const mode = openMode(fields.uint32());
  const initial = readAttributes(fields);
  const changes = mode.write || mode.create;
  return session.handles.open(() =>
    afterWrites(session, path, changes, () => openFile(session, path, mode, initial)),
  );
});

export const openDirectory = answering(async (session, request, fields) => {
  const path = readPath(session, request, fields);
  return session.handles.open(() => session.pathOrder.run([path], false, () => openListing(session, path)));
});

/**
 * OpenSSH's reading of `pflags`: neither READ nor WRITE means reading, and CREAT without WRITE makes an empty file to
 * read from. TRUNC without WRITE, which POSIX leaves undefined, is refused, and EXCL means nothing without CREAT.
 */
function openMode(flags: number): OpenMode {
  const has = (flag: number): boolean => (flags & flag) !== 0;
  const write = has(OpenFlag.WRITE);
  const create = has(OpenFlag.CREATE);
  if (has(OpenFlag.TRUNCATE) && !write) {
    throw new FileError('INVALID_ARGUMENT', 'truncating needs the file to be open for writing');
  }
  return {
    read: has(OpenFlag.READ) || !write,
    write,
    append: write && has(OpenFlag.APPEND),
    create,
    truncate: has(OpenFlag.TRUNCATE),
    exclusive: create && has(OpenFlag.EXCLUSIVE),
  };
}

/** For the caller to enter in the handle table. @throws FileError */
export async function openFile(
  session: SftpSession,
  path: VirtualPath,
  mode: OpenMode,
  initial: AttributeChanges,
): Promise<OpenFile> {
  const { ledger, observer, handles } = session;
  const handle = await session.fileSystem.open(path, mode, initial);
  if (ledger.isClosed) return refuseLateFile(handle);
  return new OpenFile({ path, mode, handle, ledger, observer, onEnded: (file) => handles.forget(file) });
}

/** The client went away while the storage opened the file. */
async function refuseLateFile(handle: FileHandle): Promise<never> {
  await handle.abort('failed');
  throw new FileError('ABORTED');
}

async function openListing(session: SftpSession, path: VirtualPath): Promise<OpenDirectory> {
  const { fileSystem, ledger, handles } = session;
  // A session may list a directory and not be allowed to stat it: the listing then lacks its first two entries.
  const own = fileSystem.stat(path, { followLinks: true }).catch(() => undefined);
  const reader = await fileSystem.list(path);
  const attributes = await own;
  if (ledger.isClosed) return refuseLateListing(reader);
  return new OpenDirectory({ attributes, reader, ledger, onEnded: (directory) => handles.forget(directory) });
}

async function refuseLateListing(reader: DirectoryReader): Promise<never> {
  await reader.close();
  throw new FileError('ABORTED');
}
