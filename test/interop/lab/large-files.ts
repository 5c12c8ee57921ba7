/** The large files of a run: each made when it is first asked for, its hash known. */

import path from 'node:path';
import type { FileScale } from '../client.ts';
import { hashFile, writeLargeFile } from './content.ts';

export interface LargeFile {
  readonly path: string;
  readonly sha256: string;
  readonly sizeBytes: number;
}

export class LargeFiles {
  readonly #folder: string;
  readonly #sizes: Readonly<Record<FileScale, number>>;
  readonly #files = new Map<number, Promise<LargeFile>>();

  constructor(folder: string, sizes: Readonly<Record<FileScale, number>>) {
    this.#folder = folder;
    this.#sizes = sizes;
  }

  get(scale: FileScale): Promise<LargeFile> {
    const sizeBytes = this.#sizes[scale];
    const file = this.#files.get(sizeBytes) ?? this.#make(sizeBytes);
    this.#files.set(sizeBytes, file);
    return file;
  }

  async #make(sizeBytes: number): Promise<LargeFile> {
    const file = path.join(this.#folder, `large-${sizeBytes}`);
    await writeLargeFile(file, sizeBytes);
    return { path: file, sha256: await hashFile(file), sizeBytes };
  }
}
