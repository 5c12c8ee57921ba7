/** One open listing, answered a batch at a time. */

import type { DirectoryEntry, DirectoryReader, FileAttributes } from '../files/file-system.ts';
import { ByteWriter } from '../wire/byte-writer.ts';
import { ATTRIBUTES_BYTES, longName, writeAttributes } from './attributes.ts';
import { LaneTask } from './lane-task.ts';
import { MessageType } from './protocol.ts';
import { END_OF_FILE, OK, type Reply } from './reply.ts';
import { RequestLane } from './request-lane.ts';
import type { Request, RequestLedger } from './request-ledger.ts';

/** OpenSSH's own batch. */
const MAX_BATCH_ENTRIES = 100;
/** sshfs drops the connection above 128 KiB; small batches also show the first names sooner. */
const MAX_BATCH_BYTES = 32 * 1024;
/** The columns in front of the name in an `ls -l` line, with the widest numbers. */
const MAX_LONG_NAME_PREFIX_BYTES = 96;

export interface OpenDirectoryOptions {
  /** Of the directory itself; without them the listing has no `.` and `..`. */
  readonly attributes: FileAttributes | undefined;
  readonly reader: DirectoryReader;
  readonly ledger: RequestLedger;
  /** Called once, when the reader was closed. */
  readonly onEnded: (directory: OpenDirectory) => void;
}

export class OpenDirectory {
  readonly #reader: DirectoryReader;
  readonly #ledger: RequestLedger;
  readonly #onEnded: (directory: OpenDirectory) => void;
  /** WinSCP keeps two READDIRs in flight; a reader serves one caller. */
  readonly #lane = new RequestLane();
  /** Read and not yet sent. */
  #entries: readonly DirectoryEntry[];
  #isAborting = false;
  #readerEnded = false;

  constructor(options: OpenDirectoryOptions) {
    this.#reader = options.reader;
    this.#ledger = options.ledger;
    this.#onEnded = options.onEnded;
    this.#entries = dotEntries(options.attributes);
  }

  read(request: Request): void {
    this.#perform(request, () => this.#nextBatch());
  }

  close(request: Request): void {
    this.#perform(request, async () => {
      await this.#closeReader();
      return OK;
    });
  }

  /** The client went away. Never rejects. */
  async abort(): Promise<void> {
    if (this.#isAborting) return;
    this.#isAborting = true;
    await this.#lane.stop();
    // Nobody is left to be told that closing failed.
    if (!this.#readerEnded) await this.#closeReader().catch(() => {});
  }

  #perform(request: Request, work: () => Promise<Reply>): void {
    this.#lane.add(new LaneTask({ ledger: this.#ledger, request, exclusive: true, work }));
  }

  async #closeReader(): Promise<void> {
    this.#readerEnded = true;
    try {
      await this.#reader.close();
    } finally {
      this.#onEnded(this);
    }
  }

  async #nextBatch(): Promise<Reply> {
    const wanted = MAX_BATCH_ENTRIES - this.#entries.length;
    if (wanted > 0) this.#entries = [...this.#entries, ...(await this.#reader.next(wanted))];
    if (this.#entries.length === 0) return END_OF_FILE;
    const { body, count } = encodeBatch(this.#entries);
    this.#entries = this.#entries.slice(count);
    return { kind: 'message', type: MessageType.NAME, body };
  }
}

/**
 * `..` has the directory's own attributes: clients look at its type only, and the real parent may be outside of what the
 * session may see.
 */
function dotEntries(attributes: FileAttributes | undefined): DirectoryEntry[] {
  if (attributes === undefined) return [];
  return [
    { name: '.', attributes },
    { name: '..', attributes },
  ];
}

/** As many of the entries as one reply takes, and at least one: a count of 0 reads as the end in OpenSSH. */
function encodeBatch(entries: readonly DirectoryEntry[]): { body: Uint8Array; count: number } {
  const writer = new ByteWriter(4 * 1024).uint32(0);
  const nowMs = Date.now();
  let count = 0;
  for (const { name, attributes } of entries) {
    const maxBytes = 2 * (4 + Buffer.byteLength(name)) + MAX_LONG_NAME_PREFIX_BYTES + ATTRIBUTES_BYTES;
    if (count === MAX_BATCH_ENTRIES || (count > 0 && writer.length + maxBytes > MAX_BATCH_BYTES)) break;
    writer.string(name).string(longName(name, attributes, nowMs));
    writeAttributes(writer, attributes);
    count += 1;
  }
  return { body: writer.setUint32(0, count).finish(), count };
}
