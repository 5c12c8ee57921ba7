/** Requests that name their file by a path. */

import { FileError } from '../../files/error.ts';
import type { FileSystem, LinkCapability } from '../../files/file-system.ts';
import { MAX_PATH_BYTES, virtualPath } from '../../files/virtual-path.ts';
import { readAttributes } from '../attributes.ts';
import { attributesReply, nameReply, OK } from '../reply.ts';
import { afterWrites, answering, type Handler, readPath } from '../session.ts';
import { changeAttributes } from '../set-stat.ts';

export const stat = statHandler(true);
export const lstat = statHandler(false);

export const setStat = setStatHandler(true);
/** lsetstat@openssh.com. A symbolic link has no size to set. */
export const lsetStat = setStatHandler(false);

export const makeDirectory = answering(async (session, request, fields) => {
  const path = readPath(session, request, fields);
  const initial = readAttributes(fields);
  return session.pathOrder.run([path], true, async () => {
    await session.fileSystem.makeDirectory(path, initial);
    session.observer.changed({ operation: 'MKDIR', path });
    return OK;
  });
});

export const removeDirectory = answering(async (session, request, fields) => {
  const path = readPath(session, request, fields);
  return session.pathOrder.run([path], true, async () => {
    await session.fileSystem.removeDirectory(path);
    session.observer.changed({ operation: 'RMDIR', path });
    return OK;
  });
});

export const remove = answering(async (session, request, fields) => {
  const path = readPath(session, request, fields);
  return session.pathOrder.run([path], true, async () => {
    await session.fileSystem.remove(path);
    session.observer.changed({ operation: 'REMOVE', path });
    return OK;
  });
});

/** Refuses an existing target. Fields behind the paths (the flags of v5) are passed over: sshj sends them. */
export const rename = renameHandler(false);
/** posix-rename@openssh.com: replaces an existing target. */
export const posixRename = renameHandler(true);

/** Works for paths that do not exist: clients ask it about the target of an upload. `""` is the home. */
export const realPath: Handler = (session, request, fields) => {
  const path = virtualPath(fields.string(), session.home);
  session.ledger.answer(request, nameReply(path));
};

export const readLink = answering(async (session, request, fields) => {
  const links = linksOf(session.fileSystem);
  const path = readPath(session, request, fields);
  return session.pathOrder.run([path], false, async () => nameReply(await links.readLink(path)));
});

/** In OpenSSH's order, target first; the draft has the reverse, and nearly all clients follow OpenSSH. */
export const symlink = answering(async (session, request, fields) => {
  const links = linksOf(session.fileSystem);
  const target = fields.text();
  const path = readPath(session, request, fields);
  if (target === '' || target.includes('\0')) throw new FileError('INVALID_PATH');
  if (Buffer.byteLength(target) > MAX_PATH_BYTES) throw new FileError('NAME_TOO_LONG');
  return session.pathOrder.run([path], true, async () => {
    await links.symlink(target, path);
    session.observer.changed({ operation: 'SYMLINK', path, target });
    return OK;
  });
});

/** hardlink@openssh.com. */
export const hardLink = answering(async (session, request, fields) => {
  const { hardLinks } = session.fileSystem;
  if (hardLinks === undefined) throw new FileError('NOT_SUPPORTED');
  const existing = readPath(session, request, fields);
  const path = readPath(session, request, fields);
  return session.pathOrder.run([existing, path], true, async () => {
    await hardLinks.link(existing, path);
    session.observer.changed({ operation: 'HARDLINK', path, existing });
    return OK;
  });
});

function statHandler(followLinks: boolean): Handler {
  return answering(async (session, request, fields) => {
    const path = readPath(session, request, fields);
    return afterWrites(session, path, false, async () =>
      attributesReply(await session.fileSystem.stat(path, { followLinks })),
    );
  });
}

function setStatHandler(followLinks: boolean): Handler {
  return answering(async (session, request, fields) => {
    const path = readPath(session, request, fields);
    const changes = readAttributes(fields);
    if (!followLinks && changes.sizeBytes !== undefined) throw new FileError('INVALID_ARGUMENT');
    return afterWrites(session, path, true, () =>
      changeAttributes(session, { request: 'SETSTAT', path, changes }, (made) =>
        session.fileSystem.setAttributes(path, made, { followLinks }),
      ),
    );
  });
}

function renameHandler(replacing: boolean): Handler {
  return answering(async (session, request, fields) => {
    const path = readPath(session, request, fields);
    const newPath = readPath(session, request, fields);
    const { fileSystem } = session;
    return session.pathOrder.run([path, newPath], true, async () => {
      if (!replacing) await fileSystem.rename(path, newPath);
      else if (fileSystem.replacing !== undefined) await fileSystem.replacing.replace(path, newPath);
      else throw new FileError('NOT_SUPPORTED');
      session.observer.changed({ operation: 'RENAME', path, newPath, replacing });
      return OK;
    });
  });
}

function linksOf(fileSystem: FileSystem): LinkCapability {
  if (fileSystem.links === undefined) throw new FileError('NOT_SUPPORTED');
  return fileSystem.links;
}
