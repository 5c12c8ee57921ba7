/** How far away the bytes of a file are: whether a call for it can be made at once, or may wait for others. */

import type { FileStatus, SpaceStatus } from './status.ts';

/** As numbers, to travel between threads. `DISK`: a local one. `FAR`: a network, a program, or nobody knows. */
export const NEARNESS = { FAR: 0, DISK: 1, MEMORY: 2 } as const;

/** Magic numbers of statfs(2), for file systems that ask nobody else. */
const NEARNESS_BY_TYPE: ReadonlyMap<number, number> = new Map([
  [0xef53, NEARNESS.DISK], // ext2, ext3, ext4
  [0x58465342, NEARNESS.DISK], // XFS
  [0x9123683e, NEARNESS.DISK], // Btrfs
  [0xf2f52010, NEARNESS.DISK], // F2FS
  [0x01021994, NEARNESS.MEMORY], // tmpfs
]);

/** Says of files below a root how near they are; other file systems may be mounted below it. */
export class Nearness {
  readonly #ofRoot: number;
  readonly #root: FileStatus;

  constructor(root: FileStatus, { fileSystemType }: SpaceStatus) {
    this.#ofRoot = NEARNESS_BY_TYPE.get(fileSystemType) ?? NEARNESS.FAR;
    this.#root = root;
  }

  of({ deviceMajor, deviceMinor }: FileStatus): number {
    const isOfRoot = deviceMajor === this.#root.deviceMajor && deviceMinor === this.#root.deviceMinor;
    return isOfRoot ? this.#ofRoot : NEARNESS.FAR;
  }
}
