/** Keeps a flood of small messages from starving those who transfer files: floods get a few messages now and then. */

/** Small messages of all floods in one turn. */
const MESSAGES_PER_TURN = 4;
/**
 * While others move data, turns are this far apart, in milliseconds: 2000 messages a second. Without a pause a flood
 * would keep the event loop busy with itself, and a core with it.
 */
const PAUSE_MS = 2;
/** Nobody moved data for this long: there is nobody to make room for. */
const QUIET_MS = 20;

/** Bytes that pay for one small message: the requests of a transfer are no flood. */
const BYTES_PER_MESSAGE = 4096;
/** Most messages a connection can have paid ahead. */
const MAX_PAID_MESSAGES = 256;

/** Shared by all connections of a process. */
export class Turns {
  #left = MESSAGES_PER_TURN;
  /** At most one entry for each connection. */
  #waiting: (() => void)[] = [];
  #isScheduled = false;
  #movedMs = Number.NEGATIVE_INFINITY;

  /** A connection moved data of a file. */
  moved(): void {
    this.#movedMs = performance.now();
  }

  /** Counts one small message. @returns whether the connection may go on at once; otherwise it must `wait` */
  spend(): boolean {
    this.#left--;
    this.#schedule();
    return this.#left > 0;
  }

  /** Calls `resume` in a later turn, after those who came before. */
  wait(resume: () => void): void {
    this.#waiting.push(resume);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    const turn = () => this.#turn();
    if (performance.now() - this.#movedMs < QUIET_MS) setTimeout(turn, PAUSE_MS);
    else setImmediate(turn);
  }

  #turn(): void {
    this.#isScheduled = false;
    const served = this.#waiting.splice(0, MESSAGES_PER_TURN);
    const share = Math.floor(MESSAGES_PER_TURN / Math.max(served.length, 1));
    for (const resume of served) {
      this.#left = share;
      resume();
    }
    this.#left = served.length === 0 ? MESSAGES_PER_TURN : 0;
    if (served.length > 0) this.#schedule();
  }
}

/** What one connection did for its small messages. */
export class TurnAccount {
  readonly #turns: Turns;
  #paidMessages = 0;

  constructor(turns: Turns) {
    this.#turns = turns;
  }

  /** Counts a message of this size, in or out. */
  moved(byteCount: number): void {
    if (byteCount < BYTES_PER_MESSAGE) return;
    this.#turns.moved();
    this.#paidMessages = Math.min(this.#paidMessages + byteCount / BYTES_PER_MESSAGE, MAX_PAID_MESSAGES);
  }

  /** Counts a message that came in. @returns whether the connection may go on at once; otherwise it must `wait` */
  received(byteCount: number): boolean {
    if (byteCount >= BYTES_PER_MESSAGE) {
      this.moved(byteCount);
      return true;
    }
    if (this.#paidMessages < 1) return this.#turns.spend();
    this.#paidMessages--;
    return true;
  }

  /** Calls `resume` in a later turn. */
  wait(resume: () => void): void {
    this.#turns.wait(resume);
  }
}
