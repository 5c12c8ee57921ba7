/** File attributes as SFTP v3 writes them, and the `ls -l` line that goes with a name. */

import type { AttributeChanges, FileAttributes, FileType } from '../files/file-system.ts';
import { type ByteReader, WireError } from '../wire/byte-reader.ts';
import type { ByteWriter } from '../wire/byte-writer.ts';
import { AttributeFlag } from './protocol.ts';

const PERMISSION_BITS = 0o7777;
const MAX_UINT32 = 0xffff_ffff;
/** No client sends any; an absurd count is not worth walking through. */
const MAX_EXTENDED_ATTRIBUTES = 1024;
/** About six months: the age from which `ls` shows the year in place of the time of day. */
const RECENT_MS = (365 * 24 * 60 * 60 * 1000) / 2;

/** `st_mode` type bits. `other` has none, so that clients take it for neither a file nor a directory. */
const TYPE_BITS: Readonly<Record<FileType, number>> = {
  file: 0o100000,
  directory: 0o040000,
  symlink: 0o120000,
  other: 0,
};
const TYPE_LETTERS: Readonly<Record<FileType, string>> = {
  file: '-',
  directory: 'd',
  symlink: 'l',
  other: '?',
};
/** English in every locale: FileZilla and others parse the line. */
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const SENT_FLAGS = AttributeFlag.SIZE | AttributeFlag.OWNER | AttributeFlag.PERMISSIONS | AttributeFlag.TIMES;
/** Bytes that `writeAttributes` writes. */
export const ATTRIBUTES_BYTES = 4 + 8 + 4 + 4 + 4 + 4 + 4;

/**
 * ATTRS with the type bits in the permissions, by which clients tell directories. The mode is the true one: WinSCP takes
 * a small 0777 file of a version 3 server for a link and does not resume onto it, which costs less than programs that
 * compare modes and find that they cannot be set.
 */
export function writeAttributes(writer: ByteWriter, attributes: FileAttributes): void {
  writer
    .uint32(SENT_FLAGS)
    .uint64(attributes.sizeBytes)
    .uint32(uint32(attributes.uid))
    .uint32(uint32(attributes.gid))
    .uint32(TYPE_BITS[attributes.type] | (attributes.mode & PERMISSION_BITS))
    .uint32(uint32(attributes.accessedMs / 1000))
    .uint32(uint32(attributes.modifiedMs / 1000));
}

/** ATTRS that say nothing, for replies that carry only a name. */
export function writeNoAttributes(writer: ByteWriter): void {
  writer.uint32(0);
}

/**
 * What the client wants to have set. Unknown flags are passed over: what they announce follows the known fields.
 *
 * @throws WireError when fields are missing or out of range
 */
export function readAttributes(fields: ByteReader): AttributeChanges {
  const flags = fields.uint32();
  const has = (flag: number): boolean => (flags & flag) !== 0;
  const changes: AttributeChanges = {
    ...(has(AttributeFlag.SIZE) && { sizeBytes: fields.uint64() }),
    ...(has(AttributeFlag.OWNER) && { owner: { uid: fields.uint32(), gid: fields.uint32() } }),
    ...(has(AttributeFlag.PERMISSIONS) && { mode: fields.uint32() & PERMISSION_BITS }),
    ...(has(AttributeFlag.TIMES) && {
      times: { accessedSeconds: fields.uint32(), modifiedSeconds: fields.uint32() },
    }),
  };
  if (has(AttributeFlag.EXTENDED)) skipExtended(fields);
  return changes;
}

function skipExtended(fields: ByteReader): void {
  const count = fields.uint32();
  if (count > MAX_EXTENDED_ATTRIBUTES) throw new WireError('too many extended attributes');
  for (let i = 0; i < count; i++) {
    fields.string();
    fields.string();
  }
}

/** The line `ls -l` shows, with numeric owners and times in UTC. */
export function longName(name: string, attributes: FileAttributes, nowMs: number): string {
  return [
    modeText(attributes),
    String(attributes.linkCount).padStart(3),
    String(attributes.uid).padEnd(8),
    String(attributes.gid).padEnd(8),
    String(attributes.sizeBytes).padStart(8),
    timeText(attributes.modifiedMs, nowMs),
    name,
  ].join(' ');
}

function modeText({ type, mode }: FileAttributes): string {
  return (
    TYPE_LETTERS[type] +
    permissionText(mode >> 6, mode & 0o4000, 's') +
    permissionText(mode >> 3, mode & 0o2000, 's') +
    permissionText(mode, mode & 0o1000, 't')
  );
}

function permissionText(bits: number, special: number, letter: string): string {
  const read = bits & 4 ? 'r' : '-';
  const write = bits & 2 ? 'w' : '-';
  if (special === 0) return read + write + (bits & 1 ? 'x' : '-');
  return read + write + (bits & 1 ? letter : letter.toUpperCase());
}

function timeText(timeMs: number, nowMs: number): string {
  const time = new Date(uint32(timeMs / 1000) * 1000);
  const day = `${MONTHS[time.getUTCMonth()]} ${String(time.getUTCDate()).padStart(2)}`;
  const isRecent = timeMs <= nowMs && nowMs - timeMs < RECENT_MS;
  return isRecent
    ? `${day} ${twoDigits(time.getUTCHours())}:${twoDigits(time.getUTCMinutes())}`
    : `${day}  ${time.getUTCFullYear()}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}

/** The nearest value that fits; times before 1970 and after 2106 cannot be said in v3. */
function uint32(value: number): number {
  if (!(value > 0)) return 0;
  return value > MAX_UINT32 ? MAX_UINT32 : Math.floor(value);
}
