/** The space of a directory of a home that lies in no storage. */

import type { SpaceReport } from './file-system.ts';
import type { HomeMount } from './home-mount.ts';
import type { SyntheticPlace } from './home-tree.ts';
import { MAX_NAME_BYTES } from './virtual-path.ts';

/** Unit of a sum over storages whose own units differ. */
const BLOCK_BYTES = 4096n;

/**
 * What the storages below it have together, each file system counted once. It is said to be read-only, for nothing can
 * be stored in the directory itself.
 *
 * @throws FileError
 */
export async function spaceBelow(place: SyntheticPlace<HomeMount>): Promise<SpaceReport> {
  const answers = await Promise.all(place.storages().map((mount) => mount.storageSpace()));
  const reports = distinct(answers.filter((report) => report !== undefined));
  const [only] = reports;
  const total = only !== undefined && reports.length === 1 ? only : sum(reports);
  return { ...total, readOnly: true };
}

/** Two buckets on one disk share its space. */
function distinct(reports: readonly SpaceReport[]): SpaceReport[] {
  const seen = new Set<bigint>();
  return reports.filter(({ fileSystemId }) => {
    if (fileSystemId === undefined) return true;
    const isNew = !seen.has(fileSystemId);
    seen.add(fileSystemId);
    return isNew;
  });
}

function sum(reports: readonly SpaceReport[]): SpaceReport {
  const blocks = (count: (report: SpaceReport) => bigint): bigint =>
    total(reports, (report) => count(report) * BigInt(report.fragmentBytes)) / BLOCK_BYTES;
  return {
    blockBytes: Number(BLOCK_BYTES),
    fragmentBytes: Number(BLOCK_BYTES),
    blocks: blocks((report) => report.blocks),
    freeBlocks: blocks((report) => report.freeBlocks),
    availableBlocks: blocks((report) => report.availableBlocks),
    files: total(reports, (report) => report.files),
    freeFiles: total(reports, (report) => report.freeFiles),
    readOnly: true,
    maxNameBytes: MAX_NAME_BYTES,
  };
}

function total(reports: readonly SpaceReport[], value: (report: SpaceReport) => bigint): bigint {
  return reports.reduce((all, report) => all + value(report), 0n);
}
