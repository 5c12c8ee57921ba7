/** Requests of one answer each, as imitated clients make them. */

import { fieldsOf, type RawSftp, StatusError, succeeded } from './raw-sftp.ts';
import { type Attributes, HAS_TIMES, Packet, Status, text, uint32 } from './sftp-wire.ts';

const NO_ATTRIBUTES = uint32(0);

export async function realPath(sftp: RawSftp, name: string): Promise<string> {
  const fields = await fieldsOf(sftp.request(Packet.REALPATH, text(name)), Packet.NAME);
  if (fields.uint32() !== 1) throw new Error('REALPATH gives one name');
  return fields.text();
}

/** @throws StatusError */
export async function attributesOf(
  sftp: RawSftp,
  name: string,
  request: typeof Packet.STAT | typeof Packet.LSTAT,
): Promise<Attributes> {
  return (await fieldsOf(sftp.request(request, text(name)), Packet.ATTRS)).attributes();
}

/** @returns undefined where there is nothing of this name */
export async function attributesIfAny(
  sftp: RawSftp,
  name: string,
  request: typeof Packet.STAT | typeof Packet.LSTAT,
): Promise<Attributes | undefined> {
  try {
    return await attributesOf(sftp, name, request);
  } catch (error) {
    if (error instanceof StatusError && error.code === Status.NO_SUCH_FILE) return undefined;
    throw error;
  }
}

/** @param modifiedAt seconds since 1970 */
export function setTime(sftp: RawSftp, name: string, modifiedAt: number) {
  const times = [uint32(HAS_TIMES), uint32(modifiedAt), uint32(modifiedAt)];
  return sftp.request(Packet.SETSTAT, text(name), ...times);
}

export function makeDirectory(sftp: RawSftp, name: string): Promise<void> {
  return succeeded(sftp.request(Packet.MKDIR, text(name), NO_ATTRIBUTES));
}

export function remove(sftp: RawSftp, name: string): Promise<void> {
  return succeeded(sftp.request(Packet.REMOVE, text(name)));
}

export function removeDirectory(sftp: RawSftp, name: string): Promise<void> {
  return succeeded(sftp.request(Packet.RMDIR, text(name)));
}

export function rename(sftp: RawSftp, from: string, to: string): Promise<void> {
  return succeeded(sftp.request(Packet.RENAME, text(from), text(to)));
}
