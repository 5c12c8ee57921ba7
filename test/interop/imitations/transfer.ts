/** What imitated clients have in common: handles, and transfers with many requests under way. */

import { open } from 'node:fs/promises';
import { fieldsOf, type RawSftp, type Reply, StatusError, succeeded } from './raw-sftp.ts';
import { type Attributes, Packet, Status, text, uint32, uint64 } from './sftp-wire.ts';

export const OPEN_READ = 1;
export const OPEN_WRITE = 2;
export const OPEN_CREATE = 8;
export const OPEN_TRUNCATE = 16;
const NO_ATTRIBUTES = uint32(0);

/** Of one client: bytes in a request, and requests under way. */
export interface Pace {
  readonly blockBytes: number;
  readonly underWay: number;
}

export interface Entry {
  readonly name: string;
  readonly attributes: Attributes;
}

/** A file that is open on the server. */
export interface OpenFile {
  readonly sftp: RawSftp;
  readonly handle: Buffer;
}

export async function openFile(sftp: RawSftp, remote: string, flags: number): Promise<OpenFile> {
  const reply = sftp.request(Packet.OPEN, text(remote), uint32(flags), NO_ATTRIBUTES);
  return { sftp, handle: await handleOf(reply) };
}

export async function handleOf(reply: Promise<Reply>): Promise<Buffer> {
  return Buffer.from((await fieldsOf(reply, Packet.HANDLE)).bytes());
}

export function close({ sftp, handle }: OpenFile): Promise<Reply> {
  return sftp.request(Packet.CLOSE, text(handle));
}

/** Sends a file from a position on. @returns answers that are still to come */
export async function writeFrom(
  { sftp, handle }: OpenFile,
  local: string,
  from: number,
  { blockBytes, underWay: most }: Pace,
): Promise<Promise<Reply>[]> {
  await using file = await open(local, 'r');
  const underWay: Promise<Reply>[] = [];
  for (let position = from; ; ) {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(blockBytes), 0, blockBytes, position);
    if (bytesRead === 0) return underWay;
    const data = text(buffer.subarray(0, bytesRead));
    underWay.push(sftp.request(Packet.WRITE, text(handle), uint64(position), data));
    position += bytesRead;
    const oldest = underWay.length < most ? undefined : underWay.shift();
    if (oldest !== undefined) await succeeded(oldest);
  }
}

/** Fetches a file from a position on, behind which the local file is left as it is. */
export async function readFrom(
  { sftp, handle }: OpenFile,
  local: string,
  from: number,
  { blockBytes, underWay: most }: Pace,
): Promise<void> {
  await using file = await open(local, from === 0 ? 'w' : 'r+');
  let next = from;
  const ask = () => {
    const position = next;
    next += blockBytes;
    const asked = sftp.request(Packet.READ, text(handle), uint64(position), uint32(blockBytes));
    return { position, data: dataOf(asked) };
  };
  const underWay = Array.from({ length: most }, ask);
  for (let oldest = underWay.shift(); oldest !== undefined; oldest = underWay.shift()) {
    const data = await oldest.data;
    if (data === undefined) continue;
    await file.write(data, 0, data.length, oldest.position);
    if (data.length === blockBytes) underWay.push(ask());
  }
}

/** @returns undefined at the end of the directory */
export async function pageOf(reply: Promise<Reply>): Promise<readonly Entry[] | undefined> {
  const fields = await unlessEnd(fieldsOf(reply, Packet.NAME));
  if (fields === undefined) return undefined;
  return Array.from({ length: fields.uint32() }, () => {
    const name = fields.text();
    fields.text();
    return { name, attributes: fields.attributes() };
  });
}

/** @returns undefined at the end of the file */
async function dataOf(reply: Promise<Reply>): Promise<Buffer | undefined> {
  return (await unlessEnd(fieldsOf(reply, Packet.DATA)))?.bytes();
}

async function unlessEnd<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof StatusError && error.code === Status.EOF) return undefined;
    throw error;
  }
}
