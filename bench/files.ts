/** Makes, places and compares the files of the bench. */

import { randomBytes } from 'node:crypto';
import { copyFile, link, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describeTree, hashFile, writeLargeFile } from '../test/interop/lab/content.ts';
import type { Source, SourceFile } from './row.ts';
import type { Workload } from './workload.ts';

/** How many streams share a large file where a row has several. */
const PART_COUNTS = [8] as const;

/** Writes all files that clients send, in a new folder. */
export async function makeSource(folder: string, workload: Workload): Promise<Source> {
  await mkdir(folder);
  const make = async (name: string, sizeBytes: number): Promise<SourceFile> => {
    const file = path.join(folder, name);
    await writeLargeFile(file, sizeBytes);
    return { path: file, sha256: await hashFile(file), sizeBytes };
  };
  const parts = new Map<number, SourceFile>();
  for (const count of PART_COUNTS) {
    parts.set(count, await make(`part-of-${count}`, Math.floor(workload.largeBytes / count)));
  }
  const smallFiles = path.join(folder, 'small-files');
  await mkdir(smallFiles);
  for (let index = 0; index < workload.smallFileCount; index += 1) {
    await writeFile(path.join(smallFiles, `file-${index}.dat`), randomBytes(workload.smallFileBytes));
  }
  return {
    large: await make('large', workload.largeBytes),
    medium: await make('medium', workload.mediumBytes),
    small: await make('small', workload.smallBytes),
    smallFiles,
    part(count) {
      const part = parts.get(count);
      if (part === undefined) throw new Error(`there is no part for ${count} streams`);
      return part;
    },
  };
}

/** Puts a source file where a server finds it, without its bytes where the file system can. */
export async function placeFile(source: SourceFile, target: string): Promise<void> {
  await link(source.path, target).catch(() => copyFile(source.path, target));
}

/** @throws Error when the content differs. */
export async function assertSameFile(file: string, source: SourceFile): Promise<void> {
  if ((await hashFile(file)) !== source.sha256)
    throw new Error(`${path.basename(file)} differs from its source`);
}

/** @throws Error when names or contents differ. */
export async function assertSameFolder(folder: string, source: string): Promise<void> {
  const [actual, expected] = await Promise.all([describeTree(folder), describeTree(source)]);
  if (actual.join('\n') !== expected.join('\n')) throw new Error('the folder differs from its source');
}
