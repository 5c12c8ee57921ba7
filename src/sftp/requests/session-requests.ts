/** Requests about the session itself: its limits, its home, who its ids are. */

import { FileError } from '../../files/error.ts';
import { virtualPath } from '../../files/virtual-path.ts';
import { ByteReader, WireError } from '../../wire/byte-reader.ts';
import { ByteWriter } from '../../wire/byte-writer.ts';
import { MAX_PACKET_BYTES, MAX_REPLY_BYTES, MAX_TRANSFER_BYTES } from '../limits.ts';
import { StatusCode } from '../protocol.ts';
import { extendedReply, nameReply, OK, type Reply } from '../reply.ts';
import type { Handler, SftpSession } from '../session.ts';

const ID_BYTES = 4;
const UNKNOWN_USER = 'home directories of other users are not known';
/** What OpenSSH answers; no code of a file error. */
const NO_SUCH_USER: Reply = { kind: 'status', code: StatusCode.FAILURE, message: UNKNOWN_USER };

/** A length of 0 would make OpenSSH ask for 64 bytes at a time. */
export const limits: Handler = (session, request) => {
  const body = new ByteWriter()
    .uint64(MAX_PACKET_BYTES)
    .uint64(MAX_TRANSFER_BYTES)
    .uint64(MAX_TRANSFER_BYTES)
    .uint64(session.limits.maxOpenHandles);
  session.ledger.answer(request, extendedReply(body));
};

/** `~` is the user's home, also with the user's own name; other homes are not known here. */
export const expandPath: Handler = (session, request, fields) => {
  const text = fields.text();
  const [first = ''] = text.split('/', 1);
  const isHome = first.startsWith('~') && isOwnName(session, first.slice(1));
  if (first.startsWith('~') && !isHome) throw new FileError('NOT_FOUND', UNKNOWN_USER);
  const relative = isHome ? `.${text.slice(first.length)}` : text;
  session.ledger.answer(request, nameReply(virtualPath(relative, session.home)));
};

export const homeDirectory: Handler = (session, request, fields) => {
  const isOwn = isOwnName(session, fields.text());
  session.ledger.answer(request, isOwn ? nameReply(session.home) : NO_SUCH_USER);
};

/**
 * users-groups-by-id@openssh.com. Only the user's own ids have a name, an empty one says that there is none: the
 * accounts of the machine are nobody's business.
 */
export const usersGroupsById: Handler = (session, request, fields) => {
  const { knownIds, userName = '' } = session;
  const users = names(fields.string(), knownIds.uid, userName);
  const groups = names(fields.string(), knownIds.gid, userName);
  if (users.length + groups.length > MAX_REPLY_BYTES) {
    throw new FileError('LIMIT_EXCEEDED', 'too many ids for one reply: ask for fewer at a time');
  }
  session.ledger.answer(request, extendedReply(new ByteWriter().string(users).string(groups)));
};

/** WinSCP says who it is and does not look at the answer. */
export const vendorId: Handler = (session, request) => {
  session.ledger.answer(request, OK);
};

function names(ids: Buffer, ownId: number | undefined, ownName: string): Buffer {
  if (ids.length % ID_BYTES !== 0) throw new WireError('a list of ids is cut off');
  const reader = new ByteReader(ids);
  const writer = new ByteWriter();
  while (reader.remaining > 0 && writer.length <= MAX_REPLY_BYTES) {
    writer.string(reader.uint32() === ownId ? ownName : '');
  }
  return writer.finish();
}

function isOwnName(session: SftpSession, name: string): boolean {
  return name === '' || name === session.userName;
}
