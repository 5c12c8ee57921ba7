/**
 * The pinning of machines without /proc/self/fd (macOS): looks, then uses the same path again. A local process that
 * swaps a directory for a symbolic link in between wins that race, so Linux is the platform for hostile neighbours.
 */

import { lstat, stat } from 'node:fs/promises';
import type { PinnedNode, Pinning } from './pinning.ts';

export const pathPinning: Pinning = {
  async directory(hostPath, { followLinks }) {
    const stats = await (followLinks ? stat(hostPath) : lstat(hostPath));
    if (!stats.isDirectory()) throw Object.assign(new Error('not a directory'), { code: 'ENOTDIR' });
    return named(hostPath);
  },
  async entry(hostPath) {
    return { ...named(hostPath), stats: await lstat(hostPath) };
  },
};

function named(hostPath: string): PinnedNode {
  return { path: hostPath, release: () => {} };
}
