/** check-file of draft-ietf-secsh-filexfer-extensions-00, section 3: hashes of a file or of its blocks. */

import { FileError } from '../../files/error.ts';
import type { VirtualPath } from '../../files/virtual-path.ts';
import type { ByteReader } from '../../wire/byte-reader.ts';
import { ByteWriter } from '../../wire/byte-writer.ts';
import { HASH_ALGORITHM_NAMES, HASH_ALGORITHMS, type HashAlgorithm } from '../hashing/algorithms.ts';
import { digestCount, type HashRange, type HashSource, hashFile } from '../hashing/file-hash.ts';
import { hashOpened } from '../hashing/hash-source.ts';
import { MAX_REPLY_BYTES } from '../limits.ts';
import { READ_ONLY } from '../open-mode.ts';
import { extendedReply, type Reply } from '../reply.ts';
import type { Request } from '../request-ledger.ts';
import { afterWrites, answering, type Handler, readPath, type SftpSession } from '../session.ts';
import { fileOf } from './handle-requests.ts';

/** The draft's floor; 0 asks for one hash of everything. */
const MIN_BLOCK_BYTES = 256;
/** What paramiko wants to read in front of the algorithm; the draft, WinSCP and ProFTPD have nothing there. */
const PARAMIKO_ECHO = 'check-file';

/** What the client asks about whichever file. */
interface HashRequest {
  readonly algorithm: HashAlgorithm;
  readonly position: number;
  /** 0: to the end. */
  readonly byteCount: number;
  readonly blockBytes: number;
}

interface Subject {
  readonly path: VirtualPath;
  readonly source: HashSource;
  readonly sizeBytes: number;
}

/** check-file-handle. */
export const checkFileHandle = checkHandle(false);
/** check-file, as paramiko sends it: with a handle, and another reply. */
export const checkFile = checkHandle(true);

/** check-file-name. Opening takes its place among the requests of the path; hashing does not hold others up. */
export const checkFileName = answering(async (session, request, fields) => {
  const path = readPath(session, request, fields);
  const wanted = readHashRequest(session, request, fields);
  return session.handles.occupying(async () => {
    const opening = () => session.fileSystem.open(path, READ_ONLY, {});
    const handle = await afterWrites(session, path, false, opening);
    return hashOpened(handle, (source, sizeBytes) =>
      hashReply(session, { path, source, sizeBytes }, wanted, false),
    );
  });
});

function checkHandle(echoesName: boolean): Handler {
  return (session, request, fields) => {
    const file = fileOf(session, request, fields);
    const wanted = readHashRequest(session, request, fields);
    file.perform(request, false, async () => {
      file.checkReadable();
      const { sizeBytes } = await file.attributes();
      const source = { read: (at: number, byteCount: number) => file.peek(at, byteCount) };
      return hashReply(session, { path: file.path, source, sizeBytes }, wanted, echoesName);
    });
  };
}

/** Also counts the reply, which blocks make large. @throws FileError, WireError */
function readHashRequest(session: SftpSession, request: Request, fields: ByteReader): HashRequest {
  const names = fields.nameList();
  const position = fields.uint64();
  const byteCount = fields.uint64();
  const blockBytes = fields.uint32();
  const algorithm = names.map((name) => HASH_ALGORITHMS.get(name)).find((known) => known !== undefined);
  if (algorithm === undefined) {
    throw new FileError(
      'NOT_SUPPORTED',
      `none of these hash algorithms is known: use ${HASH_ALGORITHM_NAMES}`,
    );
  }
  if (blockBytes !== 0 && blockBytes < MIN_BLOCK_BYTES) {
    throw new FileError(
      'LIMIT_EXCEEDED',
      `blocks must have at least ${MIN_BLOCK_BYTES} bytes, or 0 for one hash`,
    );
  }
  if (blockBytes !== 0) session.ledger.promise(request, MAX_REPLY_BYTES);
  return { algorithm, position, byteCount, blockBytes };
}

async function hashReply(
  session: SftpSession,
  { path, source, sizeBytes }: Subject,
  wanted: HashRequest,
  echoesName: boolean,
): Promise<Reply> {
  const { algorithm } = wanted;
  const range = rangeIn(sizeBytes, wanted);
  checkReplySize(range, algorithm);
  const { hashes: queue, signal } = session;
  const digests = await hashFile({ source, algorithm, range, queue, signal });
  session.observer.hashed({ path, algorithm: algorithm.name, byteCount: range.byteCount });
  const body = new ByteWriter(64 + digests.length);
  if (echoesName) body.string(PARAMIKO_ECHO);
  return extendedReply(body.string(algorithm.name).bytes(digests));
}

/** The part of the range that the file has. @throws FileError INVALID_ARGUMENT when it begins behind the end */
function rangeIn(sizeBytes: number, { position, byteCount, blockBytes }: HashRequest): HashRange {
  const available = sizeBytes - position;
  if (available < 0) throw new FileError('INVALID_ARGUMENT', 'the range begins behind the end of the file');
  return { position, byteCount: byteCount === 0 ? available : Math.min(byteCount, available), blockBytes };
}

/** @throws FileError LIMIT_EXCEEDED */
function checkReplySize(range: HashRange, { digestBytes }: HashAlgorithm): void {
  const count = digestCount(range);
  const maxCount = Math.floor(MAX_REPLY_BYTES / digestBytes);
  if (count <= maxCount) return;
  throw new FileError(
    'LIMIT_EXCEEDED',
    `the reply would hold ${count} hashes and has room for ${maxCount}: ask for larger blocks or a shorter range`,
  );
}
