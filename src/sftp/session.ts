/** What the requests of one session share, and the shape of what serves them. */

import { FileError } from '../files/error.ts';
import type { FileSystem } from '../files/file-system.ts';
import { type VirtualPath, virtualPath } from '../files/virtual-path.ts';
import type { ByteReader } from '../wire/byte-reader.ts';
import type { CopyTurns } from './copy-turns.ts';
import type { HandleTable } from './handle-table.ts';
import type { HashQueue } from './hashing/hash-queue.ts';
import type { SftpLimits } from './limits.ts';
import type { SftpObserver, SftpOperation } from './observer.ts';
import type { PathOrder } from './path-order.ts';
import type { Reply } from './reply.ts';
import type { Request, RequestLedger } from './request-ledger.ts';

export interface SftpSession {
  readonly fileSystem: FileSystem;
  /** Where relative paths start: there is no current directory in SFTP. */
  readonly home: VirtualPath;
  readonly userName: string | undefined;
  readonly observer: SftpObserver;
  readonly limits: SftpLimits;
  readonly ledger: RequestLedger;
  readonly handles: HandleTable;
  readonly pathOrder: PathOrder;
  readonly hashes: HashQueue;
  readonly copyTurns: CopyTurns;
  /** Whether SETSTAT and FSETSTAT are answered with success and change nothing but a size. */
  readonly ignoresSetStat: boolean;
  /** Names to show for ids. */
  readonly knownIds: KnownIds;
  /** Aborts when the session is over. */
  readonly signal: AbortSignal;
}

/** The user's own ids, where the server gave them to the user. */
export interface KnownIds {
  readonly uid?: number;
  readonly gid?: number;
}

/**
 * Serves one request, whose answer it leaves to the ledger now or later. It takes its place in every order before it
 * returns. What it throws is the answer. `tail` is what of a WRITE's data is not in `fields`.
 */
export type Handler = (
  session: SftpSession,
  request: Request,
  fields: ByteReader,
  tail: readonly Uint8Array[],
) => void;

export interface RequestKind {
  readonly operation: SftpOperation;
  readonly handle: Handler;
}

/** A handler that answers with what `work` resolves to. */
export function answering(
  work: (session: SftpSession, request: Request, fields: ByteReader) => Promise<Reply>,
): Handler {
  return (session, request, fields) => {
    const { ledger } = session;
    work(session, request, fields).then(
      (reply) => ledger.answer(request, reply),
      (error) => ledger.refuse(request, error),
    );
  };
}

/**
 * Runs `work`, which looks at a file by its path or opens it, in its turn and behind the WRITEs to the file that were
 * sent before (draft-ietf-secsh-filexfer-02, section 3: as if done in order). sshfs asks for the size by path while its
 * own WRITEs are under way, and believes the answer.
 */
export function afterWrites<T>(
  { handles, pathOrder, signal }: SftpSession,
  path: VirtualPath,
  changes: boolean,
  work: () => Promise<T>,
): Promise<T> {
  // Before anything is waited for: later WRITEs are none of its business.
  const done = handles.writesDone(path);
  if (done === undefined) return pathOrder.run([path], changes, work);
  return pathOrder.run([path], changes, async () => {
    await done;
    if (signal.aborted) throw new FileError('ABORTED');
    return work();
  });
}

/**
 * The next field as a path, noted in the request when it is the first.
 *
 * @throws FileError NOT_FOUND when it is empty, as POSIX has it: `rmdir ""` must not mean the home directory
 */
export function readPath(session: SftpSession, request: Request, fields: ByteReader): VirtualPath {
  const bytes = fields.string();
  if (bytes.length === 0) throw new FileError('NOT_FOUND', 'the path is empty');
  const path = virtualPath(bytes, session.home);
  request.path ??= path;
  return path;
}
