/** The descriptor calls of `node:fs` as promises, without the objects that `FileHandle` makes for every read. */

import fs from 'node:fs';
import { promisify } from 'node:util';

export const open: (hostPath: string, flags: number, mode?: number) => Promise<number> = promisify(fs.open);
export const close = promisify(fs.close);
export const fstat: (fd: number) => Promise<fs.Stats> = promisify(fs.fstat);
export const fsync = promisify(fs.fsync);
export const ftruncate: (fd: number, sizeBytes: number) => Promise<void> = promisify(fs.ftruncate);
export const fchmod: (fd: number, mode: number) => Promise<void> = promisify(fs.fchmod);
export const fchown = promisify(fs.fchown);
export const futimes = promisify(fs.futimes);

/** One `pread`; resolves to the number of bytes, 0 at the end of the file. */
export function read(fd: number, buffer: Uint8Array, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.read(fd, buffer, 0, buffer.length, position, (error, byteCount) => {
      if (error) reject(error);
      else resolve(byteCount);
    });
  });
}

/** One `pwritev`, or `writev` where the file's own position is `null`; may write less than all. */
export function write(fd: number, views: readonly Uint8Array[], position: number | null): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.writev(fd, views, position, (error, byteCount) => {
      if (error) reject(error);
      else resolve(byteCount);
    });
  });
}

/** The errno name of a failed call, or `''`. */
export function errnoOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
