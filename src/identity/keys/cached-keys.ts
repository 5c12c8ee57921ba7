/**
 * Remembers keys for some seconds and asks once for logins that come together: a client offers its keys one by one, and each
 * offer is a question. What failed is not remembered, and nothing old stands in for it: a source that is away takes keys away.
 */

import { IdentityFault } from '../decision.ts';
import type { RecordKey } from '../records/record.ts';
import { untilAborted } from '../upstream/until-aborted.ts';
import type { PublicKeySource } from './source.ts';

/** Users remembered at once; the one asked for first is forgotten first. At most 128 KiB each, a few hundred bytes usually. */
const MAX_USERS = 256;
/** Limit of one question to the source, which may serve several logins and so obeys no single one's signal. */
const QUESTION_TIMEOUT_MS = 8000;
/** Questions under way at once. */
const MAX_QUESTIONS = 128;
/** In messages. */
const WHAT = 'The source of public keys';

interface Found {
  readonly keys: readonly RecordKey[];
  readonly foundAtMs: number;
}

export interface CacheSettings {
  readonly maxAgeMs: number;
  readonly now: () => number;
}

export class CachedKeys implements PublicKeySource {
  readonly #source: PublicKeySource;
  readonly #settings: CacheSettings;
  readonly #found = new Map<string, Found>();
  readonly #questions = new Map<string, Promise<readonly RecordKey[]>>();
  readonly #closed = new AbortController();

  constructor(source: PublicKeySource, settings: CacheSettings) {
    this.#source = source;
    this.#settings = settings;
  }

  async find(userName: string, signal: AbortSignal): Promise<readonly RecordKey[]> {
    const found = this.#found.get(userName);
    if (found !== undefined && this.#isFresh(found)) return found.keys;
    return await untilAborted(this.#ask(userName), signal, WHAT);
  }

  async close(): Promise<void> {
    this.#closed.abort();
    await this.#source.close();
  }

  /** A clock that was set back makes nothing younger. */
  #isFresh({ foundAtMs }: Found): boolean {
    const ageMs = this.#settings.now() - foundAtMs;
    return ageMs >= 0 && ageMs < this.#settings.maxAgeMs;
  }

  #ask(userName: string): Promise<readonly RecordKey[]> {
    const underWay = this.#questions.get(userName);
    if (underWay !== undefined) return underWay;
    if (this.#questions.size >= MAX_QUESTIONS) throw new IdentityFault('OVERLOADED', `${WHAT}.`);
    const question = this.#answer(userName).finally(() => this.#questions.delete(userName));
    this.#questions.set(userName, question);
    return question;
  }

  async #answer(userName: string): Promise<readonly RecordKey[]> {
    // The age counts from the question: what changes while it is under way may not be in the answer.
    const foundAtMs = this.#settings.now();
    const limit = AbortSignal.any([this.#closed.signal, AbortSignal.timeout(QUESTION_TIMEOUT_MS)]);
    const keys = await untilAborted(this.#source.find(userName, limit), limit, WHAT);
    this.#remember(userName, { keys, foundAtMs });
    return keys;
  }

  #remember(userName: string, found: Found): void {
    this.#found.delete(userName);
    this.#found.set(userName, found);
    if (this.#found.size <= MAX_USERS) return;
    const [oldest] = this.#found.keys();
    if (oldest !== undefined) this.#found.delete(oldest);
  }
}
