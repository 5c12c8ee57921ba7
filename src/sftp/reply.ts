/** What a request is answered with, before it is written out. */

import { FILE_ERRORS, FileError, toFileError } from '../files/error.ts';
import type { FileAttributes, FileSlice, SpaceReport } from '../files/file-system.ts';
import { WireError } from '../wire/byte-reader.ts';
import { ByteWriter } from '../wire/byte-writer.ts';
import { writeAttributes, writeNoAttributes } from './attributes.ts';
import { MessageType, StatusCode } from './protocol.ts';

/** POSIX `f_flag` values, as OpenSSH sends them. */
const READ_ONLY_FLAG = 1;
const NO_SETUID_FLAG = 2;

export type Reply =
  | { readonly kind: 'status'; readonly code: number; readonly message: string }
  /** Takes over the slice: whoever sends or drops the reply releases it. */
  | { readonly kind: 'data'; readonly slice: FileSlice }
  /** `body` is what follows the request id. */
  | { readonly kind: 'message'; readonly type: number; readonly body: Uint8Array };

export const OK: Reply = { kind: 'status', code: StatusCode.OK, message: 'Success' };
export const END_OF_FILE: Reply = { kind: 'status', code: StatusCode.EOF, message: 'End of file' };

export function attributesReply(attributes: FileAttributes): Reply {
  const writer = new ByteWriter();
  writeAttributes(writer, attributes);
  return { kind: 'message', type: MessageType.ATTRS, body: writer.finish() };
}

/** A NAME of one name without attributes, as REALPATH and READLINK give. */
export function nameReply(name: string): Reply {
  const writer = new ByteWriter().uint32(1).string(name).string(name);
  writeNoAttributes(writer);
  return { kind: 'message', type: MessageType.NAME, body: writer.finish() };
}

export function extendedReply(body: ByteWriter): Reply {
  return { kind: 'message', type: MessageType.EXTENDED_REPLY, body: body.finish() };
}

/** The reply of statvfs@openssh.com: eleven numbers in the order of OpenSSH's PROTOCOL, section 4.4. */
export function statVfsReply(report: SpaceReport): Reply {
  const body = new ByteWriter()
    .uint64(report.blockBytes)
    .uint64(report.fragmentBytes)
    .uint64(report.blocks)
    .uint64(report.freeBlocks)
    .uint64(report.availableBlocks)
    .uint64(report.files)
    .uint64(report.freeFiles)
    .uint64(report.freeFiles)
    .uint64(report.fileSystemId ?? 0n)
    .uint64(NO_SETUID_FLAG | (report.readOnly ? READ_ONLY_FLAG : 0))
    .uint64(report.maxNameBytes);
  return extendedReply(body);
}

/**
 * The reply of space-available: bytes of the device and of the user, all and free. What the system keeps for itself is
 * not the user's.
 */
export function spaceAvailableReply(report: SpaceReport): Reply {
  const unit = BigInt(report.fragmentBytes);
  const userBlocks = report.blocks - report.freeBlocks + report.availableBlocks;
  const body = new ByteWriter()
    .uint64(report.blocks * unit)
    .uint64(report.freeBlocks * unit)
    .uint64(userBlocks * unit)
    .uint64(report.availableBlocks * unit)
    .uint32(report.fragmentBytes);
  return extendedReply(body);
}

export function errorReply(error: FileError): Reply {
  return { kind: 'status', code: FILE_ERRORS[error.code].sftpStatus, message: error.message };
}

/** Whatever a request failed with, as the client and the observer are told. */
export function requestError(error: unknown): FileError {
  if (error instanceof WireError) {
    return new FileError('INVALID_ARGUMENT', `the request is malformed: ${error.message}`);
  }
  return toFileError(error);
}

/** For a reply that is not sent after all. */
export function dropReply(reply: Reply): void {
  if (reply.kind === 'data') reply.slice.release();
}
