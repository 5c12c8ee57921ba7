/** Keeps one connection's flood of small messages from starving the others: together they get a few for each turn. */

/**
 * Small messages of all connections in one turn of the event loop. Each may cost as much as 32 KiB of a file, and a chunk
 * from a socket may hold 2000 of them. So few that who transfers loses little; enough that a turn's own cost is small.
 */
const MESSAGES_PER_TURN = 4;

export class Turns {
  #left = MESSAGES_PER_TURN;
  /** At most one entry for each connection. */
  #waiting: (() => void)[] = [];
  #isScheduled = false;

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
    setImmediate(() => this.#turn());
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
    if (this.#waiting.length > 0 || served.length > 0) this.#schedule();
  }
}
