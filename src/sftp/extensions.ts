/** The extensions of OpenSSH and of filexfer-extensions that are served, and when they are advertised. */

import { FileError } from '../files/error.ts';
import type { FileSystem } from '../files/file-system.ts';
import { virtualPath } from '../files/virtual-path.ts';
import { ByteWriter } from '../wire/byte-writer.ts';
import { copyData } from './copy-data.ts';
import { MAX_PACKET_BYTES, MAX_TRANSFER_BYTES } from './limits.ts';
import { StatusCode } from './protocol.ts';
import { extendedReply, nameReply, type Reply, statVfsReply } from './reply.ts';
import { fileSpace, sync } from './requests/handle-requests.ts';
import { hardLink, lsetStat, posixRename } from './requests/path-requests.ts';
import { answering, type Handler, type RequestKind, readPath, type SftpSession } from './session.ts';

interface Extension extends RequestKind {
  readonly name: string;
  readonly version: string;
  readonly isServed: (fileSystem: FileSystem) => boolean;
}

const UNKNOWN_USER = 'home directories of other users are not known';
/** What OpenSSH answers; no code of a file error. */
const NO_SUCH_USER: Reply = { kind: 'status', code: StatusCode.FAILURE, message: UNKNOWN_USER };
const ALWAYS = (): boolean => true;

const space = answering(async (session, request, fields) => {
  const { spaceReporting } = session.fileSystem;
  if (spaceReporting === undefined) throw new FileError('NOT_SUPPORTED');
  const path = readPath(session, request, fields);
  return session.pathOrder.run([path], false, async () => statVfsReply(await spaceReporting.space(path)));
});

/** A length of 0 would make OpenSSH ask for 64 bytes at a time. */
const limits: Handler = (session, request) => {
  const body = new ByteWriter()
    .uint64(MAX_PACKET_BYTES)
    .uint64(MAX_TRANSFER_BYTES)
    .uint64(MAX_TRANSFER_BYTES)
    .uint64(session.limits.maxOpenHandles);
  session.ledger.answer(request, extendedReply(body));
};

/** `~` is the user's home, also with the user's own name; other homes are not known here. */
const expandPath: Handler = (session, request, fields) => {
  const text = fields.text();
  const [first = ''] = text.split('/', 1);
  const isHome = first.startsWith('~') && isOwnName(session, first.slice(1));
  if (first.startsWith('~') && !isHome) throw new FileError('NOT_FOUND', UNKNOWN_USER);
  const relative = isHome ? `.${text.slice(first.length)}` : text;
  session.ledger.answer(request, nameReply(virtualPath(relative, session.home)));
};

const homeDirectory: Handler = (session, request, fields) => {
  const isOwn = isOwnName(session, fields.text());
  session.ledger.answer(request, isOwn ? nameReply(session.home) : NO_SUCH_USER);
};

function isOwnName(session: SftpSession, name: string): boolean {
  return name === '' || name === session.userName;
}

const copyBetween: Handler = (session, request, fields) => {
  const source = session.handles.file(fields);
  request.path = source.path;
  const position = fields.uint64();
  const byteCount = fields.uint64();
  const target = session.handles.file(fields);
  const targetPosition = fields.uint64();
  // Also the same file opened twice: the copy would chase its own end.
  if (source.path === target.path)
    throw new FileError('INVALID_HANDLE', 'a file cannot be copied onto itself');
  const range = { position, byteCount: byteCount === 0 ? undefined : byteCount, targetPosition };
  copyData(request, source, target, range, () => session.ledger.isClosed);
};

const EXTENSIONS: readonly Extension[] = [
  {
    name: 'posix-rename@openssh.com',
    version: '1',
    operation: 'POSIX_RENAME',
    isServed: (fileSystem) => fileSystem.replacing !== undefined,
    handle: posixRename,
  },
  {
    name: 'statvfs@openssh.com',
    version: '2',
    operation: 'STATVFS',
    isServed: (fileSystem) => fileSystem.spaceReporting !== undefined,
    handle: space,
  },
  {
    name: 'fstatvfs@openssh.com',
    version: '2',
    operation: 'FSTATVFS',
    isServed: (fileSystem) => fileSystem.spaceReporting !== undefined,
    handle: fileSpace,
  },
  {
    name: 'hardlink@openssh.com',
    version: '1',
    operation: 'HARDLINK',
    isServed: (fileSystem) => fileSystem.hardLinks !== undefined,
    handle: hardLink,
  },
  { name: 'fsync@openssh.com', version: '1', operation: 'FSYNC', isServed: ALWAYS, handle: sync },
  { name: 'lsetstat@openssh.com', version: '1', operation: 'LSETSTAT', isServed: ALWAYS, handle: lsetStat },
  { name: 'limits@openssh.com', version: '1', operation: 'LIMITS', isServed: ALWAYS, handle: limits },
  {
    name: 'expand-path@openssh.com',
    version: '1',
    operation: 'EXPAND_PATH',
    isServed: ALWAYS,
    handle: expandPath,
  },
  { name: 'copy-data', version: '1', operation: 'COPY_DATA', isServed: ALWAYS, handle: copyBetween },
  {
    name: 'home-directory',
    version: '1',
    operation: 'HOME_DIRECTORY',
    isServed: ALWAYS,
    handle: homeDirectory,
  },
];

/** The extensions that can be served on a file system, which keeps its capabilities for life. */
export class ExtensionSet {
  readonly #byName: ReadonlyMap<string, Extension>;

  constructor(fileSystem: FileSystem) {
    const served = EXTENSIONS.filter(({ isServed }) => isServed(fileSystem));
    this.#byName = new Map(served.map((extension) => [extension.name, extension]));
  }

  get(name: string): RequestKind | undefined {
    return this.#byName.get(name);
  }

  /** The pairs of name and version in VERSION. */
  advertisement(): Uint8Array {
    const writer = new ByteWriter(512);
    for (const { name, version } of this.#byName.values()) writer.string(name).string(version);
    return writer.finish();
  }
}
