/** How much each row does: enough for figures that repeat, or just enough to see that everything works. */

const KIB = 2 ** 10;
const MIB = 2 ** 20;

export interface Workload {
  /** Transferred in one piece, or in total by parallel streams. */
  readonly largeBytes: number;
  /** Transferred over a long round trip, where most peers reach 20 MB/s. */
  readonly mediumBytes: number;
  /** Transferred once for the proof that a transfer is right. */
  readonly smallBytes: number;
  readonly smallFileCount: number;
  readonly smallFileBytes: number;
  readonly loginCount: number;
  readonly sessionCount: number;
  /** Of peers with a process for each connection. */
  readonly forkedSessionCount: number;
  readonly entryCount: number;
  readonly manyFiles: ManyFiles;
}

/** Of the recipe with which a server ran out of memory (sftpgo#1667): thousands of files of 1 to 20 MB. */
export interface ManyFiles {
  readonly count: number;
  /** The smallest and the largest; the others lie evenly between them. */
  readonly fromMegabytes: number;
  readonly toMegabytes: number;
}

export const FULL_WORKLOAD: Workload = {
  largeBytes: 512 * MIB,
  mediumBytes: 256 * MIB,
  smallBytes: 32 * MIB,
  smallFileCount: 1000,
  smallFileBytes: 4 * KIB,
  loginCount: 300,
  sessionCount: 2000,
  forkedSessionCount: 200,
  entryCount: 100_000,
  manyFiles: { count: 3000, fromMegabytes: 1, toMegabytes: 20 },
};

export const QUICK_WORKLOAD: Workload = {
  largeBytes: 64 * MIB,
  mediumBytes: 16 * MIB,
  smallBytes: 4 * MIB,
  smallFileCount: 100,
  smallFileBytes: 4 * KIB,
  loginCount: 40,
  sessionCount: 100,
  forkedSessionCount: 20,
  entryCount: 5000,
  manyFiles: { count: 100, fromMegabytes: 1, toMegabytes: 5 },
};

export const FULL_S3_WORKLOAD: Workload = {
  ...FULL_WORKLOAD,
  largeBytes: 1024 * MIB,
  // Several parts, so that many uploads at once have all the memory that one may take.
  mediumBytes: 48 * MIB,
  entryCount: 200_000,
};

export const QUICK_S3_WORKLOAD: Workload = {
  ...QUICK_WORKLOAD,
  largeBytes: 256 * MIB,
  entryCount: 20_000,
};
