/** Requests that name their file or directory by a handle. */

import { type ByteReader, WireError } from '../../wire/byte-reader.ts';
import { readAttributes } from '../attributes.ts';
import { MAX_TRANSFER_BYTES } from '../limits.ts';
import { OpenDirectory } from '../open-directory.ts';
import type { OpenFile } from '../open-file.ts';
import type { Request } from '../request-ledger.ts';
import type { Handler, SftpSession } from '../session.ts';
import { changeAttributes } from '../set-stat.ts';

export const read: Handler = (session, request, fields) => {
  const file = fileOf(session, request, fields);
  const position = fields.uint64();
  const byteCount = Math.min(fields.uint32(), MAX_TRANSFER_BYTES);
  session.ledger.promise(request, byteCount);
  file.read(request, position, byteCount);
};

export const write: Handler = (session, request, fields, tail) => {
  const file = fileOf(session, request, fields);
  const position = fields.uint64();
  const byteCount = fields.uint32();
  file.write(request, position, writtenViews(fields, tail, byteCount), byteCount);
};

export const close: Handler = (session, request, fields) => {
  const open = session.handles.take(fields);
  if (open instanceof OpenDirectory) return open.close(request);
  request.path = open.path;
  const claim = open.changesTree ? session.pathOrder.claim([open.path], true) : undefined;
  open.close(request, claim);
};

export const readDirectory: Handler = (session, request, fields) => {
  session.handles.directory(fields).read(request);
};

export const fileStat: Handler = (session, request, fields) => {
  fileOf(session, request, fields).stat(request);
};

export const setFileStat: Handler = (session, request, fields) => {
  const file = fileOf(session, request, fields);
  const changes = readAttributes(fields);
  file.perform(request, true, () =>
    changeAttributes(session, { request: 'FSETSTAT', path: file.path, changes }, (made) => file.change(made)),
  );
};

/** fsync@openssh.com. */
export const sync: Handler = (session, request, fields) => {
  fileOf(session, request, fields).sync(request);
};

/** The file of the next field, noted in the request. @throws FileError INVALID_HANDLE */
export function fileOf(session: SftpSession, request: Request, fields: ByteReader): OpenFile {
  const file = session.handles.file(fields);
  request.path = file.path;
  return file;
}

/** The data of a WRITE: what is left in `fields`, then as much of `tail` as its length says. */
function writtenViews(fields: ByteReader, tail: readonly Uint8Array[], byteCount: number): Uint8Array[] {
  const views: Uint8Array[] = [fields.bytes(Math.min(byteCount, fields.remaining))];
  let missing = byteCount - (views[0]?.length ?? 0);
  for (const view of tail) {
    if (missing === 0) break;
    const part = view.length <= missing ? view : view.subarray(0, missing);
    views.push(part);
    missing -= part.length;
  }
  if (missing > 0) throw new WireError('the data is shorter than it says');
  return views;
}
