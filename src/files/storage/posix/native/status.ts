/** Reads what the kernel writes into `struct statx` and `struct statfs` (the same on x86-64 and arm64). */

export interface FileStatus {
  /** Type and permission bits. */
  readonly mode: number;
  readonly sizeBytes: number;
  readonly uid: number;
  readonly gid: number;
  readonly accessedMs: number;
  readonly modifiedMs: number;
  readonly linkCount: number;
  readonly deviceMajor: number;
  readonly deviceMinor: number;
}

export interface SpaceStatus {
  /** `f_type`: statfs(2) has the numbers. */
  readonly fileSystemType: number;
  readonly blockBytes: number;
  readonly fragmentBytes: number;
  readonly blocks: number;
  readonly freeBlocks: number;
  readonly availableBlocks: number;
  readonly files: number;
  readonly freeFiles: number;
  readonly isReadOnly: boolean;
}

export const STATX_BYTES = 256;
export const STATFS_BYTES = 120;

/** `ST_RDONLY` in `f_flags`. */
const READ_ONLY_FLAG = 1;
const WORD = 2 ** 32;

export function readStatx(view: DataView): FileStatus {
  return {
    linkCount: view.getUint32(16, true),
    uid: view.getUint32(20, true),
    gid: view.getUint32(24, true),
    mode: view.getUint16(28, true),
    sizeBytes: unsigned(view, 40),
    accessedMs: milliseconds(view, 64),
    modifiedMs: milliseconds(view, 112),
    deviceMajor: view.getUint32(136, true),
    deviceMinor: view.getUint32(140, true),
  };
}

export function readStatfs(view: DataView): SpaceStatus {
  return {
    fileSystemType: view.getUint32(0, true),
    blockBytes: unsigned(view, 8),
    // Counts are in fragments, as in statvfs; file systems that know none leave it 0.
    fragmentBytes: unsigned(view, 72) || unsigned(view, 8),
    blocks: unsigned(view, 16),
    freeBlocks: unsigned(view, 24),
    availableBlocks: unsigned(view, 32),
    files: unsigned(view, 40),
    freeFiles: unsigned(view, 48),
    isReadOnly: (view.getUint32(80, true) & READ_ONLY_FLAG) !== 0,
  };
}

/** A count above 2^53 is no size of anything, and would not fit its field when it is sent on. */
function unsigned(view: DataView, at: number): number {
  return Math.min(view.getUint32(at, true) + view.getUint32(at + 4, true) * WORD, Number.MAX_SAFE_INTEGER);
}

function milliseconds(view: DataView, at: number): number {
  const seconds = view.getUint32(at, true) + view.getInt32(at + 4, true) * WORD;
  return seconds * 1000 + view.getUint32(at + 8, true) / 1e6;
}
