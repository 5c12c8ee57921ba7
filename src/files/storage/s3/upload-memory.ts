/**
 * The memory that all uploads of the process share, and who gets it when it is short.
 *
 * S3 takes no part below 5 MiB, so an upload that has begun a part cannot give its memory back before the part is whole.
 * If everybody could begin one, all would stop half-way and nobody could go on. Hence an upload gets the memory of a whole
 * part at once, its `claim`, before it goes beyond a small starter: whoever holds a claim can finish without asking again.
 * `maxBytes` divided by 5 MiB is how many uploads can fill a part at a time; the others wait, and their clients with them.
 *
 * Who waits, in this order:
 * 1. starters, the first bytes of an upload, which may take a quarter of the memory: small files pass large ones;
 * 2. bytes that came ahead of a gap: their part cannot be sent before, so they may use what others must leave;
 * 3. claims of uploads that have nothing on its way, first come, first served;
 * 4. claims of uploads whose other parts are on their way: speed for one must not be standstill for another.
 *
 * Bytes ahead of a gap are the one thing that somebody waits for who holds memory. When nobody else could give any back,
 * the upload that is furthest ahead is refused.
 *
 * A client that stops in the middle of a part keeps its claim as long as nobody needs it. When somebody waits for
 * `PATIENCE_MS`, the upload that has not filled a chunk for the longest time, and for `IDLE_MS` at least, is given up. Who
 * waits for `MAX_WAIT_MS` is refused. Both are told LIMIT_EXCEEDED.
 */

import { FileError } from '../../error.ts';

/** Memory comes in pieces of this size, which are used again: small enough for many small files, large enough to send. */
export const CHUNK_BYTES = 64 * 1024;
/** What an upload may hold without a claim. */
const STARTER_BYTES = CHUNK_BYTES;
/** Parts of the whole: starters together, one claim, and what only bytes ahead of a gap may use. */
const STARTERS_SHARE = 1 / 4;
const CLAIM_SHARE = 1 / 2;
const AHEAD_SHARE = 1 / 8;
/** So that a claim of 5 MiB and all starters fit into what may be used without a gap. */
const MIN_MEMORY_BYTES = 12 * 1024 * 1024;
/**
 * Unused chunks that are kept while nobody uploads; allocating and clearing fresh memory costs as much as filling it.
 * Under load all are kept: one that is dropped takes up memory beyond `maxBytes` until the next full collection.
 */
const MAX_IDLE_BYTES = 32 * 1024 * 1024;
const PATIENCE_MS = 10_000;
const IDLE_MS = 30_000;
/** Below the 5 minutes after which OpenSSH sshd and AWS call a client unresponsive. */
const MAX_WAIT_MS = 240_000;
const CHECK_MS = 1000;

export type MemoryNeed = 'starter' | 'claim' | 'ahead';

export interface UploadMemoryOptions {
  /** Most bytes in use at a time. */
  readonly maxBytes: number;
  /** Milliseconds of a clock that does not jump; replaced in tests. */
  readonly nowMs?: () => number;
}

interface Waiter {
  readonly account: UploadAccount;
  readonly need: MemoryNeed;
  readonly totalBytes: number;
  readonly sinceMs: number;
  readonly settle: (error?: FileError) => void;
}

export class UploadMemory {
  readonly maxBytes: number;
  /** A claim above this could starve others; larger parts are not made. */
  readonly maxClaimBytes: number;
  readonly #nowMs: () => number;
  readonly #idleChunks: Uint8Array[] = [];
  readonly #accounts = new Set<UploadAccount>();
  readonly #waiters: Waiter[] = [];
  #usedBytes = 0;
  #starterBytes = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor({ maxBytes, nowMs = () => performance.now() }: UploadMemoryOptions) {
    if (maxBytes < MIN_MEMORY_BYTES) throw new RangeError(`uploads need ${MIN_MEMORY_BYTES} bytes of memory`);
    this.maxBytes = maxBytes;
    this.maxClaimBytes = wholeChunks(maxBytes * CLAIM_SHARE);
    this.#nowMs = nowMs;
  }

  /** Promised to uploads, filled or not. */
  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** Memory that is kept for the next bytes. */
  get idleBytes(): number {
    return this.#idleChunks.length * CHUNK_BYTES;
  }

  get waitingUploads(): number {
    return this.#waiters.length;
  }

  /** @param onGivenUp the upload stood still while others waited; it must close the account */
  open(onGivenUp: (error: FileError) => void): UploadAccount {
    const account = new UploadAccount(this, onGivenUp);
    this.#accounts.add(account);
    return account;
  }

  /** For `UploadAccount`: tries at once, behind nobody who waits with the same or a stronger need. */
  tryGrow(account: UploadAccount, need: MemoryNeed, totalBytes: number): boolean {
    const rank = rankOf({ account, need });
    // Starters wait for a share of their own, which says nothing of the rest.
    const passes = (waiter: Waiter): boolean =>
      rankOf(waiter) > rank ||
      (waiter.need !== 'ahead' && need === 'ahead') ||
      (waiter.need === 'starter' && need !== 'starter' && this.#areStartersFull);
    return this.#waiters.every(passes) && this.#grow(account, need, totalBytes);
  }

  /** For `UploadAccount`. @throws FileError ABORTED, LIMIT_EXCEEDED */
  waitToGrow(
    account: UploadAccount,
    need: MemoryNeed,
    totalBytes: number,
    signal: AbortSignal,
  ): Promise<void> {
    if (signal.aborted) return Promise.reject(new FileError('ABORTED'));
    return new Promise((resolve, reject) => {
      const onAbort = (): void => this.#leave(waiter, new FileError('ABORTED'));
      const settle = (error?: FileError): void => {
        signal.removeEventListener('abort', onAbort);
        if (error === undefined) resolve();
        else reject(error);
      };
      const waiter: Waiter = { account, need, totalBytes, sinceMs: this.#nowMs(), settle };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiters.push(waiter);
      this.#timer ??= setInterval(() => this.check(), CHECK_MS).unref();
    });
  }

  /** For `UploadAccount`: the promise shrinks, or a part has ended. */
  giveBack(byteCount: number, starterBytes: number): void {
    this.#usedBytes -= byteCount;
    this.#starterBytes -= starterBytes;
    this.serve();
  }

  /** For `UploadAccount`. */
  forget(account: UploadAccount): void {
    this.#accounts.delete(account);
    this.#trimIdle();
    for (const waiter of this.#waiters.filter((each) => each.account === account)) {
      this.#leave(waiter, new FileError('ABORTED'));
    }
  }

  takeChunk(): Uint8Array {
    return this.#idleChunks.pop() ?? Buffer.allocUnsafeSlow(CHUNK_BYTES);
  }

  giveBackChunks(chunks: Iterable<Uint8Array>): void {
    for (const chunk of chunks) this.#idleChunks.push(chunk);
    this.#trimIdle();
  }

  get nowMs(): number {
    return this.#nowMs();
  }

  /**
   * Gives to those who wait what there is. The first of them is not passed by a smaller wish behind it, but by bytes ahead
   * of a gap, which have memory of their own.
   */
  serve(): void {
    if (this.#waiters.length === 0) return;
    let isShort = false;
    for (const waiter of this.#waiters.toSorted((a, b) => rankOf(a) - rankOf(b))) {
      if (waiter.need === 'starter' && this.#areStartersFull) continue;
      if (isShort && waiter.need !== 'ahead') continue;
      if (this.#grow(waiter.account, waiter.need, waiter.totalBytes)) this.#leave(waiter);
      else isShort = true;
    }
  }

  /** What the timer does once a second while somebody waits. */
  check(): void {
    const nowMs = this.#nowMs();
    for (const waiter of [...this.#waiters]) {
      if (nowMs - waiter.sinceMs >= MAX_WAIT_MS) this.#leave(waiter, tooManyUploads());
    }
    if (this.#isStuck) this.#refuseAheadOfMost();
    const impatient = this.#waiters.find(({ sinceMs }) => nowMs - sinceMs >= PATIENCE_MS);
    if (impatient !== undefined) this.#idleLongest(impatient, nowMs)?.giveUp();
    this.serve();
  }

  #idleLongest({ need }: Waiter, nowMs: number): UploadAccount | undefined {
    const waiting = new Set(this.#waiters.map(({ account }) => account));
    const holdsWhatIsMissing = (account: UploadAccount): boolean =>
      need === 'starter' ? account.isStarter : account.filledBytes > STARTER_BYTES;
    return [...this.#accounts]
      .filter((account) => holdsWhatIsMissing(account) && !account.isBusy && !waiting.has(account))
      .filter(({ progressMs }) => nowMs - progressMs >= IDLE_MS)
      .sort((a, b) => a.progressMs - b.progressMs)[0];
  }

  /** Whether all who hold memory wait for more, so that nobody will give any back. */
  get #isStuck(): boolean {
    const waiting = new Set(this.#waiters.map(({ account }) => account));
    const mayGiveBack = (account: UploadAccount): boolean =>
      account.partsInFlight > 0 || (account.filledBytes > 0 && !waiting.has(account));
    return waiting.size > 0 && ![...this.#accounts].some(mayGiveBack);
  }

  /** Only bytes ahead of a gap are waited for by somebody who holds memory: the bytes of the gap come behind them. */
  #refuseAheadOfMost(): void {
    const [waiter] = this.#waiters
      .filter(({ need }) => need === 'ahead')
      .sort((a, b) => b.account.filledBytes - a.account.filledBytes);
    if (waiter !== undefined) this.#leave(waiter, tooManyUploads());
  }

  #trimIdle(): void {
    const kept = (this.#accounts.size > 0 ? this.maxBytes : MAX_IDLE_BYTES) / CHUNK_BYTES;
    if (this.#idleChunks.length > kept) this.#idleChunks.length = Math.floor(kept);
  }

  get #areStartersFull(): boolean {
    return this.#starterBytes + STARTER_BYTES > this.maxBytes * STARTERS_SHARE;
  }

  #grow(account: UploadAccount, need: MemoryNeed, totalBytes: number): boolean {
    const byteCount = totalBytes - account.filledBytes;
    const limit = need === 'ahead' ? this.maxBytes : wholeChunks(this.maxBytes * (1 - AHEAD_SHARE));
    if (this.#usedBytes + byteCount > limit) return false;
    if (need === 'starter') {
      if (this.#areStartersFull) return false;
      this.#starterBytes += byteCount;
    } else if (account.isStarter) {
      this.#starterBytes -= account.filledBytes;
    }
    this.#usedBytes += byteCount;
    account.grown(totalBytes, need === 'starter');
    return true;
  }

  #leave(waiter: Waiter, error?: FileError): void {
    const index = this.#waiters.indexOf(waiter);
    if (index === -1) return;
    this.#waiters.splice(index, 1);
    if (this.#waiters.length === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
    waiter.settle(error);
  }
}

/** What one upload holds: the part it fills, and the parts on their way. Ends with `close`. */
export class UploadAccount {
  readonly #memory: UploadMemory;
  readonly #onGivenUp: (error: FileError) => void;
  #filledBytes = 0;
  #isStarter = false;
  #isBusy = false;
  #partsInFlight = 0;
  #progressMs: number;

  constructor(memory: UploadMemory, onGivenUp: (error: FileError) => void) {
    this.#memory = memory;
    this.#onGivenUp = onGivenUp;
    this.#progressMs = memory.nowMs;
  }

  /** Promised for bytes that are not on their way yet. */
  get filledBytes(): number {
    return this.#filledBytes;
  }

  get isStarter(): boolean {
    return this.#isStarter && this.#filledBytes > 0;
  }

  get partsInFlight(): number {
    return this.#partsInFlight;
  }

  /** When the client last filled a chunk. */
  get progressMs(): number {
    return this.#progressMs;
  }

  get isBusy(): boolean {
    return this.#isBusy;
  }

  /** While `work` runs the store or the memory is waited for, and not the client: that time does not count as idle. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    const startedMs = this.#memory.nowMs;
    this.#isBusy = true;
    try {
      return await work();
    } finally {
      this.#isBusy = false;
      this.#progressMs += this.#memory.nowMs - startedMs;
    }
  }

  /** Makes a part larger than its claim, while nobody waits for memory. */
  tryExtend(totalBytes: number): boolean {
    return this.#memory.waitingUploads === 0 && this.#memory.tryGrow(this, 'claim', totalBytes);
  }

  /** Holds at least `totalBytes` for filling from now on. @throws FileError ABORTED, LIMIT_EXCEEDED */
  async hold(need: MemoryNeed, totalBytes: number, signal: AbortSignal): Promise<void> {
    if (totalBytes <= this.#filledBytes || this.#memory.tryGrow(this, need, totalBytes)) return;
    await this.#memory.waitToGrow(this, need, totalBytes, signal);
  }

  /** For `UploadMemory`. */
  grown(totalBytes: number, isStarter: boolean): void {
    this.#filledBytes = totalBytes;
    this.#isStarter = isStarter;
    this.#progressMs = this.#memory.nowMs;
  }

  /** Memory of the held bytes. Counts as progress. */
  takeChunk(): Uint8Array {
    this.#progressMs = this.#memory.nowMs;
    return this.#memory.takeChunk();
  }

  /** Chunks that hold nothing any more, of bytes that stay held. */
  giveBackChunks(chunks: Iterable<Uint8Array>): void {
    this.#memory.giveBackChunks(chunks);
  }

  /** Nothing above `totalBytes` will be filled before the next part. */
  shrink(totalBytes: number): void {
    if (totalBytes >= this.#filledBytes) return;
    const byteCount = this.#filledBytes - totalBytes;
    this.#filledBytes = totalBytes;
    this.#memory.giveBack(byteCount, this.#isStarter ? byteCount : 0);
  }

  /** The chunks go on their way, and a part's bytes with them; the answer gives both back, once. */
  send(chunks: readonly Uint8Array[]): () => void {
    const byteCount = chunks.length * CHUNK_BYTES;
    if (this.#isStarter) {
      // It is a whole file, and will be gone soon: the next one may begin.
      this.#isStarter = false;
      this.#memory.giveBack(0, this.#filledBytes);
    }
    this.#filledBytes -= byteCount;
    this.#partsInFlight += 1;
    let isBack = false;
    return () => {
      if (isBack) return;
      isBack = true;
      this.#partsInFlight -= 1;
      this.#memory.giveBackChunks(chunks);
      this.#memory.giveBack(byteCount, 0);
    };
  }

  /** For `UploadMemory`. */
  giveUp(): void {
    this.#onGivenUp(
      new FileError('LIMIT_EXCEEDED', 'the upload stood still while others waited for its memory'),
    );
  }

  /** Gives back all but the parts on their way, and ends waiting. */
  close(): void {
    this.shrink(0);
    this.#memory.forget(this);
  }
}

const RANKS = { starter: 0, ahead: 1, firstClaim: 2, furtherClaim: 3 } as const;

function rankOf({ account, need }: Pick<Waiter, 'account' | 'need'>): number {
  if (need !== 'claim') return RANKS[need];
  return account.partsInFlight === 0 ? RANKS.firstClaim : RANKS.furtherClaim;
}

function wholeChunks(byteCount: number): number {
  return Math.floor(byteCount / CHUNK_BYTES) * CHUNK_BYTES;
}

function tooManyUploads(): FileError {
  return new FileError('LIMIT_EXCEEDED', 'too many uploads at a time: no memory came free for this one');
}
