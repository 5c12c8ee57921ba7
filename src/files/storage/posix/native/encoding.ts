/** How attributes, listings and space reports travel between threads: as plain numbers, which are cheap to copy. */

import type { DirectoryEntry, FileAttributes, SpaceReport } from '../../../file-system.ts';
import { MAX_NAME_BYTES } from '../../../virtual-path.ts';
import { fileTypeOf, PERMISSION_BITS, UNKNOWN_ATTRIBUTES } from '../attributes.ts';
import type { FileStatus, SpaceStatus } from './status.ts';

/** Numbers of one node's attributes. */
export const ATTRIBUTE_COUNT = 7;
/** Numbers before the entries of a listing: whether it has ended, and names that were left out. */
export const LISTING_HEADER_COUNT = 2;
/** In the place of the mode: the entry is there and cannot be looked at. */
const UNKNOWN_MODE = -1;
export const UNKNOWN_NUMBERS: readonly number[] = [UNKNOWN_MODE, 0, 0, 0, 0, 0, 0];
/** Between the names of a listing; no name holds it. */
export const NAME_SEPARATOR = '/';

type Numbers = ArrayLike<number>;

export function encodeAttributes(status: FileStatus): number[] {
  const { mode, sizeBytes, uid, gid, accessedMs, modifiedMs, linkCount } = status;
  return [mode, sizeBytes, uid, gid, accessedMs, modifiedMs, linkCount];
}

export function decodeAttributes(numbers: Numbers, at = 0): FileAttributes {
  const mode = numberAt(numbers, at);
  if (mode === UNKNOWN_MODE) return UNKNOWN_ATTRIBUTES;
  return {
    type: fileTypeOf(mode),
    sizeBytes: numberAt(numbers, at + 1),
    mode: mode & PERMISSION_BITS,
    uid: numberAt(numbers, at + 2),
    gid: numberAt(numbers, at + 3),
    accessedMs: numberAt(numbers, at + 4),
    modifiedMs: numberAt(numbers, at + 5),
    linkCount: numberAt(numbers, at + 6),
  };
}

export function decodeEntries(numbers: Numbers, names: string): DirectoryEntry[] {
  if (names === '') return [];
  return names.split(NAME_SEPARATOR).map((name, index) => ({
    name,
    attributes: decodeAttributes(numbers, LISTING_HEADER_COUNT + index * ATTRIBUTE_COUNT),
  }));
}

export function encodeSpace(space: SpaceStatus, { deviceMajor, deviceMinor }: FileStatus): number[] {
  const { blockBytes, fragmentBytes, blocks, freeBlocks, availableBlocks, files, freeFiles } = space;
  const isReadOnly = space.isReadOnly ? 1 : 0;
  const sizes = [blockBytes, fragmentBytes, blocks, freeBlocks, availableBlocks, files, freeFiles];
  return [...sizes, isReadOnly, deviceMajor, deviceMinor];
}

export function decodeSpace(numbers: Numbers): SpaceReport {
  return {
    blockBytes: numberAt(numbers, 0),
    fragmentBytes: numberAt(numbers, 1),
    blocks: BigInt(numberAt(numbers, 2)),
    freeBlocks: BigInt(numberAt(numbers, 3)),
    availableBlocks: BigInt(numberAt(numbers, 4)),
    files: BigInt(numberAt(numbers, 5)),
    freeFiles: BigInt(numberAt(numbers, 6)),
    readOnly: numberAt(numbers, 7) === 1,
    maxNameBytes: MAX_NAME_BYTES,
    fileSystemId: deviceId(BigInt(numberAt(numbers, 8)), BigInt(numberAt(numbers, 9))),
  };
}

export function numberAt(numbers: Numbers, at: number): number {
  const value = numbers[at];
  if (value === undefined) throw new RangeError('a thread gave too few numbers');
  return value;
}

/** `dev_t` as `makedev(3)` of Linux makes it, so that the same device has one id however it was asked for. */
function deviceId(major: bigint, minor: bigint): bigint {
  return ((major & ~0xfffn) << 32n) | ((major & 0xfffn) << 8n) | ((minor & ~0xffn) << 12n) | (minor & 0xffn);
}
