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
};
