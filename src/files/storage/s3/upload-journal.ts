/**
 * What multipart uploads this installation has begun and not ended, in a file that outlives the process. S3 itself cannot
 * tell: a listing of uploads names neither their metadata nor, on most services, who began them.
 */

import { appendFile, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Most uploads that are remembered; the oldest are forgotten first. A line has some 1.3 kB at most. */
const MAX_UPLOADS = 50_000;
/** Lines of ended uploads that may gather before the file is written anew. */
const MAX_DEAD_LINES = 2_000;
const PRIVATE_FILE_MODE = 0o600;
const PRIVATE_FOLDER_MODE = 0o700;

export interface JournaledUpload {
  readonly uploadId: string;
  readonly key: string;
  /** ARN of the role it was begun with, for storages that assume roles. */
  readonly role?: string | undefined;
  /** Begun, or worked on as far as this process knows. */
  readonly activeMs: number;
}

export interface UploadJournalOptions {
  readonly file: string;
  /** The file could not be read or written: uploads go on, and those left behind will not be found after a restart. */
  readonly onTrouble: (error: unknown) => void;
  readonly nowMs?: () => number;
}

/** Life: construct → `open` → use → `close`. Writes wait for nobody and follow each other. */
export class UploadJournal {
  readonly #options: UploadJournalOptions;
  readonly #nowMs: () => number;
  readonly #uploads = new Map<string, JournaledUpload>();
  #deadLines = 0;
  #lastWrite: Promise<void> = Promise.resolve();

  constructor(options: UploadJournalOptions) {
    this.#options = options;
    this.#nowMs = options.nowMs ?? Date.now;
  }

  /** Reads what earlier processes left. Never rejects. */
  async open(): Promise<void> {
    try {
      const { file } = this.#options;
      await mkdir(dirname(file), { recursive: true, mode: PRIVATE_FOLDER_MODE });
      for (const line of (await readIfThere(file)).split('\n')) this.#read(line);
      await this.#rewrite();
    } catch (error) {
      this.#options.onTrouble(error);
    }
  }

  /** Oldest first. */
  uploads(): readonly JournaledUpload[] {
    return [...this.#uploads.values()];
  }

  begun(uploadId: string, key: string, role?: string): void {
    const upload = { uploadId, key, ...(role === undefined ? {} : { role }), activeMs: this.#nowMs() };
    this.#remember(upload);
    this.#append(upload);
  }

  active(uploadId: string): void {
    const upload = this.#uploads.get(uploadId);
    if (upload !== undefined) this.#uploads.set(uploadId, { ...upload, activeMs: this.#nowMs() });
  }

  ended(uploadId: string): void {
    if (!this.#uploads.delete(uploadId)) return;
    this.#deadLines += 2;
    if (this.#deadLines > MAX_DEAD_LINES) this.#enqueue(() => this.#rewrite());
    else this.#append({ ended: uploadId });
  }

  /** Resolves when everything is written. */
  close(): Promise<void> {
    return this.#lastWrite;
  }

  #remember(upload: JournaledUpload): void {
    this.#uploads.set(upload.uploadId, upload);
    const [oldest] = this.#uploads.keys();
    if (this.#uploads.size > MAX_UPLOADS && oldest !== undefined) this.#uploads.delete(oldest);
  }

  /** A line that was cut off by a crash is passed over. */
  #read(line: string): void {
    const entry = parsedLine(line);
    if (entry === undefined) return;
    if ('ended' in entry) this.#uploads.delete(entry.ended);
    else this.#remember(entry);
  }

  #append(entry: JournaledUpload | { readonly ended: string }): void {
    this.#enqueue(() =>
      appendFile(this.#options.file, `${JSON.stringify(entry)}\n`, { mode: PRIVATE_FILE_MODE }),
    );
  }

  async #rewrite(): Promise<void> {
    const { file } = this.#options;
    this.#deadLines = 0;
    const lines = this.uploads().map((upload) => `${JSON.stringify(upload)}\n`);
    await writeFile(`${file}.new`, lines.join(''), { mode: PRIVATE_FILE_MODE });
    await rename(`${file}.new`, file);
  }

  #enqueue(write: () => Promise<void>): void {
    this.#lastWrite = this.#lastWrite.then(write).catch(this.#options.onTrouble);
  }
}

function parsedLine(line: string): JournaledUpload | { readonly ended: string } | undefined {
  const entry = parsedJson(line);
  if (typeof entry !== 'object' || entry === null) return undefined;
  if ('ended' in entry && typeof entry.ended === 'string') return { ended: entry.ended };
  if (!('uploadId' in entry && 'key' in entry && 'activeMs' in entry)) return undefined;
  const { uploadId, key, activeMs } = entry;
  const role = 'role' in entry && typeof entry.role === 'string' ? { role: entry.role } : {};
  if (typeof uploadId !== 'string' || typeof key !== 'string' || typeof activeMs !== 'number')
    return undefined;
  return { uploadId, key, activeMs, ...role };
}

function parsedJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

async function readIfThere(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  }
}
