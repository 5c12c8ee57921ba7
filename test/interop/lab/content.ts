/** Contents of test files: made without repetition, compared by hash. */

import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import path from 'node:path';
import { diskPlanter, type Planter } from './planter.ts';

const BLOCK_BYTES = 1024 * 1024;

/** Writes `sizeBytes` where every MiB differs, so that a lost, doubled or swapped block changes the hash. */
export async function writeLargeFile(file: string, sizeBytes: number): Promise<void> {
  const block = randomBytes(BLOCK_BYTES);
  const handle = await open(file, 'w');
  try {
    for (let position = 0; position < sizeBytes; position += BLOCK_BYTES) {
      block.writeDoubleBE(position, 0);
      const byteCount = Math.min(BLOCK_BYTES, sizeBytes - position);
      await handle.write(block, 0, byteCount, position);
    }
  } finally {
    await handle.close();
  }
}

/** SHA-256 of a file, hexadecimal. */
export async function hashFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file, { highWaterMark: BLOCK_BYTES })) hash.update(chunk);
  return hash.digest('hex');
}

/** A small tree with what recursive copies get wrong: depth, spaces, Unicode, an empty file, an empty folder. */
export async function writeTree(folder: string, plant: Planter = diskPlanter): Promise<void> {
  await plant.directory(path.join(folder, 'reports 2026', 'März'));
  await plant.directory(path.join(folder, 'nothing here'));
  await plant.file(path.join(folder, 'top.bin'), randomBytes(70_000));
  await plant.file(path.join(folder, 'empty.txt'), '');
  await plant.file(path.join(folder, 'reports 2026', 'summary.csv'), randomBytes(40_000));
  await plant.file(path.join(folder, 'reports 2026', 'März', '表.csv'), randomBytes(1_000));
}

/** One sorted line per entry, `directory NAME` or `HASH NAME`: equal trees give equal lines. */
export async function describeTree(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const lines = entries.map(async (entry) => {
    const full = path.join(entry.parentPath, entry.name);
    const name = path.relative(folder, full);
    return entry.isDirectory() ? `directory ${name}` : `${await hashFile(full)} ${name}`;
  });
  return (await Promise.all(lines)).sort();
}
