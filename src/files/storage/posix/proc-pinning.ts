/** Pins nodes with O_PATH descriptors, named through /proc/self/fd: no race can put another node in their place. */

import fs from 'node:fs';
import { stat } from 'node:fs/promises';
import { fstat, open } from './calls.ts';
import type { PinnedNode, Pinning } from './pinning.ts';

/** `O_PATH` of Linux on x86-64 and arm64; `fs.constants` lacks it. */
export const O_PATH = 0o10000000;
const { O_DIRECTORY, O_NOFOLLOW } = fs.constants;

export const procPinning: Pinning = {
  async directory(hostPath, { followLinks }) {
    return held(await open(hostPath, O_PATH | O_DIRECTORY | (followLinks ? 0 : O_NOFOLLOW)));
  },
  async entry(hostPath) {
    const fd = await open(hostPath, O_PATH | O_NOFOLLOW);
    try {
      return { ...held(fd), stats: await fstat(fd) };
    } catch (error) {
      fs.closeSync(fd);
      throw error;
    }
  },
};

/** Whether this machine has what `procPinning` needs, tried on a directory that exists. */
export async function hasProcPinning(directory: string): Promise<boolean> {
  if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch)) return false;
  const expected = await stat(directory, { bigint: true });
  const pinned = await procPinning.directory(directory, { followLinks: true });
  try {
    const seen = await stat(`${pinned.path}/.`, { bigint: true });
    return seen.ino === expected.ino && seen.dev === expected.dev;
  } catch {
    return false;
  } finally {
    pinned.release();
  }
}

function held(fd: number): PinnedNode {
  // Closing an O_PATH descriptor flushes nothing, so it does not wait for the disk or the network.
  return { path: `/proc/self/fd/${fd}`, release: () => fs.closeSync(fd) };
}
