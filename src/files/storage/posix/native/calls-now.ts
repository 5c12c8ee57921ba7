/** Reads and writes that never wait: the kernel takes or gives what it can at once, and says so where it cannot. */

import fs from 'node:fs';
import koffi from 'koffi';
import type { CallsNow } from '../small-file-calls.ts';
import { SYSTEM_CALL_NUMBERS } from './system-call-numbers.ts';

/** `RWF_NOWAIT` of preadv2(2): EAGAIN rather than waiting, EOPNOTSUPP where the file system does not know it. */
const NO_WAIT = 0x08;
/** More pieces than a small file comes in are left to a thread. */
const MAX_VIEWS = 16;
/** Asks for the file's own position. */
const OWN_POSITION = -1;

/** For files on a disk. Reads are known to the usual file systems, writes to XFS and Btrfs. @throws Error without koffi */
export function callsFromCache(): CallsNow {
  const numbers =
    process.arch === 'x64' || process.arch === 'arm64' ? SYSTEM_CALL_NUMBERS[process.arch] : undefined;
  if (process.platform !== 'linux' || numbers === undefined) throw new Error('preadv2 is not known here');
  const call = koffi
    .load(null)
    .func('syscall', 'long', ['long', 'long', 'uint8_t *', 'long', 'long', 'long', 'long']);
  /** Of `struct iovec`: address and length. */
  const vector = new BigUint64Array(2 * MAX_VIEWS);
  const vectorBytes = new Uint8Array(vector.buffer);
  const move = (number: number, descriptor: number, views: readonly Uint8Array[], position: number) => {
    if (views.length > MAX_VIEWS) return undefined;
    for (const [index, view] of views.entries()) {
      vector[2 * index] = koffi.address(view);
      vector[2 * index + 1] = BigInt(view.length);
    }
    const byteCount = call(number, descriptor, vectorBytes, views.length, position, 0, NO_WAIT);
    // Whatever it is: the call that may wait says it properly.
    return byteCount < 0 ? undefined : byteCount;
  };
  return {
    read: (descriptor, buffer, position) => move(numbers.preadv2, descriptor, [buffer], position),
    write: (descriptor, views, position) =>
      move(numbers.pwritev2, descriptor, views, position ?? OWN_POSITION),
    closesAnything: false,
  };
}

/** For files in memory, where there is nothing to wait for. */
export const CALLS_IN_MEMORY: CallsNow = {
  read: (descriptor, buffer, position) => fs.readSync(descriptor, buffer, 0, buffer.length, position),
  write: (descriptor, views, position) => fs.writevSync(descriptor, views, position ?? undefined),
  closesAnything: true,
};
