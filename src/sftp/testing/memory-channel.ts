/** A byte channel that keeps what the engine does with it, for tests. */

import type { ByteChannel } from '../../wire/byte-channel.ts';

export class MemoryChannel implements ByteChannel {
  /** One element per `send`. */
  readonly sends: Buffer[] = [];
  /** Everything of `sendError`. */
  errors = '';
  creditedBytes = 0;
  exitStatus: number | undefined;
  pendingBytes = 0;
  /** While set, what is sent stays pending and unreleased, as with a client that does not read. */
  isStalled = false;
  onSend: (bytes: Buffer) => void = () => {};
  #releases: (() => void)[] = [];

  get sentBytes(): Buffer {
    return Buffer.concat(this.sends);
  }

  send(views: readonly Uint8Array[], release: () => void = () => {}): void {
    if (this.exitStatus !== undefined) throw new Error('send after finish');
    const bytes = Buffer.concat(views);
    this.pendingBytes += bytes.length;
    this.#releases.push(release);
    this.sends.push(bytes);
    if (!this.isStalled) this.takeAll();
    this.onSend(bytes);
  }

  sendError(text: string): void {
    if (this.exitStatus !== undefined) throw new Error('sendError after finish');
    this.errors += text;
  }

  /** The client reads everything. */
  takeAll(): void {
    const releases = this.#releases;
    this.#releases = [];
    this.pendingBytes = 0;
    for (const release of releases) release();
  }

  credit(byteCount: number): void {
    if (!(byteCount >= 0)) throw new Error('a credit that is not a count');
    this.creditedBytes += byteCount;
  }

  finish(exitStatus: number): void {
    if (this.exitStatus !== undefined) throw new Error('finished twice');
    this.exitStatus = exitStatus;
  }
}
