/** Copies on the server: copy-data between open files, copy-file between paths. */

import { FileError } from '../../files/error.ts';
import type { OpenMode } from '../../files/file-system.ts';
import type { VirtualPath } from '../../files/virtual-path.ts';
import { checkOpen, copyRange, refuseSameFile, withBoth } from '../copy-data.ts';
import type { OpenFile } from '../open-file.ts';
import { READ_ONLY } from '../open-mode.ts';
import type { PathClaim } from '../path-order.ts';
import { OK } from '../reply.ts';
import type { Request } from '../request-ledger.ts';
import { type Handler, readPath, type SftpSession } from '../session.ts';
import { openFile } from './open-requests.ts';

/** Not emptied before it is known to be another file than the source. */
const WRITE_OVER: OpenMode = { ...READ_ONLY, read: false, write: true, create: true };
const WHOLE_FILE = { position: 0, byteCount: undefined, targetPosition: 0 };
const ONTO_ITSELF = 'a file cannot be copied onto itself';

export const copyBetween: Handler = (session, request, fields) => {
  const source = session.handles.file(fields);
  request.path = source.path;
  const position = fields.uint64();
  const byteCount = fields.uint64();
  const target = session.handles.file(fields);
  const targetPosition = fields.uint64();
  if (source.path === target.path) throw new FileError('INVALID_HANDLE', ONTO_ITSELF);
  const range = { position, byteCount: byteCount === 0 ? undefined : byteCount, targetPosition };
  withBoth(request, source, target, () => copyRange(source, target, range, session));
};

/** copy-file: as a client would do it with OPEN, OPEN, copy-data, CLOSE and CLOSE, under the same rules. */
export const copyFile: Handler = (session, request, fields) => {
  const path = readPath(session, request, fields);
  const newPath = readPath(session, request, fields);
  const overwrites = fields.boolean();
  if (path === newPath) throw new FileError('INVALID_ARGUMENT', ONTO_ITSELF);
  const claim = session.pathOrder.claim([path, newPath], true);
  const { handles } = session;
  const turn = Promise.all([claim.turn, handles.writesDone(path), handles.writesDone(newPath)]);
  openBoth(session, turn, path, newPath, overwrites).then(
    ([source, target]) => copyAndCommit(session, request, source, target, claim),
    (error) => {
      claim.release();
      session.ledger.refuse(request, error);
    },
  );
};

async function openBoth(
  session: SftpSession,
  turn: Promise<unknown>,
  path: VirtualPath,
  newPath: VirtualPath,
  overwrites: boolean,
): Promise<readonly [OpenFile, OpenFile]> {
  const { handles } = session;
  await turn;
  checkOpen(session);
  const source = await handles.keep(() => openFile(session, path, READ_ONLY, {}));
  try {
    const { mode } = await source.attributes();
    checkOpen(session);
    const writing = { ...WRITE_OVER, exclusive: !overwrites };
    return [source, await handles.keep(() => openFile(session, newPath, writing, { mode }))];
  } catch (error) {
    source.finish();
    throw error;
  }
}

function copyAndCommit(
  session: SftpSession,
  request: Request,
  source: OpenFile,
  target: OpenFile,
  claim: PathClaim,
): void {
  const work = async () => {
    try {
      await copyWhole(source, target, session);
      await target.commit();
      return OK;
    } finally {
      claim.release();
    }
  };
  withBoth(request, source, target, work, () => claim.release());
  source.finish();
}

/** Leaves a failure to be told by the commit. */
async function copyWhole(source: OpenFile, target: OpenFile, session: SftpSession): Promise<void> {
  try {
    await refuseSameFile(source, target);
    checkOpen(session);
    await target.change({ sizeBytes: 0 });
    await copyRange(source, target, WHOLE_FILE, session);
  } catch (error) {
    target.fail(error);
  }
}
