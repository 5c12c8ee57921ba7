/** From where users have logged in: failures from there count apart, so that strangers cannot pause a user who is at home. */

/** How long a login makes its address known; reference of the field: a month. */
const REMEMBERED_MS = 30 * 24 * 60 * 60_000;

/** Remembers in this process only; a bounded number of pairs, the one used longest ago is forgotten first. */
export class KnownSources {
  readonly #maxPairs: number;
  readonly #now: () => number;
  /** Time of the last login, by account and address; in the order of these times. */
  readonly #pairs = new Map<string, number>();

  /** `now` in milliseconds. */
  constructor(maxPairs: number, now: () => number) {
    this.#maxPairs = maxPairs;
    this.#now = now;
  }

  /** Under which name failures of the account from this address are counted. */
  countedAs(account: string, sourceIp: string): string {
    const pair = `${account} ${sourceIp}`;
    const lastMs = this.#pairs.get(pair);
    return lastMs !== undefined && this.#now() < lastMs + REMEMBERED_MS ? pair : account;
  }

  /** The user of the account has logged in from there. */
  remember(account: string, sourceIp: string): void {
    const pair = `${account} ${sourceIp}`;
    this.#pairs.delete(pair);
    this.#pairs.set(pair, this.#now());
    const [oldest] = this.#pairs.keys();
    if (this.#pairs.size > this.#maxPairs && oldest !== undefined) this.#pairs.delete(oldest);
  }
}
