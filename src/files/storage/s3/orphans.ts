/**
 * Aborts the multipart uploads that this installation began and nobody ended: a process that was killed, an abort that
 * did not reach S3. Their parts cost money and no listing of objects shows them.
 *
 * Found are uploads of the journal, thus of this data folder, whatever process began them. Not found are uploads whose
 * beginning was never answered, and those of a data folder that is lost: a lifecycle rule of the bucket
 * (`AbortIncompleteMultipartUpload`) finds these too.
 */

import { setTimeout as delay } from 'node:timers/promises';
import type { ObjectStore } from './object-store.ts';
import type { JournaledUpload, UploadJournal } from './upload-journal.ts';

const HOUR_MS = 3_600_000;
/** The first look comes within this after the start, so that restarted nodes do not all begin with it. */
const FIRST_LOOK_MS = 60_000;
/** Part of an hour by which looks are apart more or less. */
const JITTER = 0.1;

export interface OrphansOptions {
  readonly journal: UploadJournal;
  /** Uploads nobody worked on for so long are given up. */
  readonly maxIdleMs: number;
  /** The store to abort an upload with. */
  readonly storeFor: (upload: JournaledUpload) => ObjectStore;
  readonly onAborted: (upload: JournaledUpload) => void;
  /** It stays in the journal, and is tried again at the next look. */
  readonly onFailed: (upload: JournaledUpload, error: unknown) => void;
  readonly nowMs?: () => number;
}

/** Life: construct → `start` → `stop`. `look` may be called at any time. */
export class Orphans {
  readonly #options: OrphansOptions;
  readonly #nowMs: () => number;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;

  constructor(options: OrphansOptions) {
    this.#options = options;
    this.#nowMs = options.nowMs ?? Date.now;
  }

  start(): void {
    this.#running = this.#run().catch(() => undefined);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  /** Aborts what is old enough, one after the other. Never rejects. */
  async look(): Promise<void> {
    const { journal, maxIdleMs, storeFor, onAborted, onFailed } = this.#options;
    const { signal } = this.#stopping;
    const bound = this.#nowMs() - maxIdleMs;
    for (const upload of journal.uploads()) {
      if (signal.aborted) return;
      if (upload.activeMs > bound) continue;
      try {
        await storeFor(upload).abortUpload(upload.key, upload.uploadId, signal);
        journal.ended(upload.uploadId);
        onAborted(upload);
      } catch (error) {
        if (!signal.aborted) onFailed(upload, error);
      }
    }
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    await delay(Math.random() * FIRST_LOOK_MS, undefined, { signal, ref: false });
    for (;;) {
      await this.look();
      const waitMs = HOUR_MS * (1 + JITTER * (2 * Math.random() - 1));
      await delay(waitMs, undefined, { signal, ref: false });
    }
  }
}
