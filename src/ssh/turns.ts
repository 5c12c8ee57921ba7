/** Keeps a flood of small messages from starving those who transfer files: floods get a few messages now and then. */

/** Small messages of all floods in one turn. */
const MESSAGES_PER_TURN = 4;
/**
 * While others move data, turns are this far apart, in milliseconds: 2000 messages a second. Without a pause a flood
 * would keep the event loop busy with itself, and a core with it.
 */
const PAUSE_MS = 2;
/** Who moved no data for this long needs no room. */
const QUIET_MS = 20;

/** Bytes that pay for one small message: the requests of a transfer are no flood. */
const BYTES_PER_MESSAGE = 1024;
/** Most messages a connection can have paid ahead. */
const MAX_PAID_MESSAGES = 256;

interface Waiting {
  readonly account: TurnAccount;
  readonly resume: () => void;
}

/** Shared by all connections of a process. */
export class Turns {
  #left = MESSAGES_PER_TURN;
  /** At most one entry for each connection. */
  #waiting: Waiting[] = [];
  #isScheduled = false;
  /** Who moved data last, and when. */
  #mover: TurnAccount | undefined;
  #moverMs = Number.NEGATIVE_INFINITY;
  /** When somebody else than `#mover` last did. */
  #otherMs = Number.NEGATIVE_INFINITY;

  /** `account` moved data of a file. */
  moved(account: TurnAccount): void {
    if (account !== this.#mover) {
      this.#otherMs = this.#moverMs;
      this.#mover = account;
    }
    this.#moverMs = performance.now();
  }

  /** Counts one small message. @returns whether the connection may go on at once; otherwise it must `wait` */
  spend(account: TurnAccount): boolean {
    this.#left--;
    this.#schedule([account]);
    return this.#left > 0;
  }

  /** Calls `resume` in a later turn, after those who came before. */
  wait(account: TurnAccount, resume: () => void): void {
    this.#waiting.push({ account, resume });
    this.#schedule([account]);
  }

  #schedule(accounts: readonly TurnAccount[]): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    const turn = () => this.#turn();
    if (this.#othersMove(accounts)) setTimeout(turn, PAUSE_MS);
    else setImmediate(turn);
  }

  /** Whether somebody moves data beside these. */
  #othersMove(accounts: readonly TurnAccount[]): boolean {
    const sinceMs = performance.now() - QUIET_MS;
    if (this.#moverMs < sinceMs) return false;
    return this.#otherMs > sinceMs || accounts.some((account) => account !== this.#mover);
  }

  #turn(): void {
    this.#isScheduled = false;
    const served = this.#waiting.splice(0, MESSAGES_PER_TURN);
    const share = Math.floor(MESSAGES_PER_TURN / Math.max(served.length, 1));
    for (const { resume } of served) {
      this.#left = share;
      resume();
    }
    this.#left = served.length === 0 ? MESSAGES_PER_TURN : 0;
    if (served.length > 0) this.#schedule(served.map(({ account }) => account));
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
    this.#turns.moved(this);
    this.#paidMessages = Math.min(this.#paidMessages + byteCount / BYTES_PER_MESSAGE, MAX_PAID_MESSAGES);
  }

  /**
   * Counts a message that came in. Who has sent nothing behind it does not flood: it waits for our answer.
   * @returns whether the connection may go on at once; otherwise it must `wait`
   */
  received(byteCount: number, hasMore: boolean): boolean {
    if (byteCount >= BYTES_PER_MESSAGE) {
      this.moved(byteCount);
      return true;
    }
    if (this.#paidMessages >= 1) {
      this.#paidMessages--;
      return true;
    }
    return !hasMore || this.#turns.spend(this);
  }

  /** Calls `resume` in a later turn. */
  wait(resume: () => void): void {
    this.#turns.wait(this, resume);
  }
}
