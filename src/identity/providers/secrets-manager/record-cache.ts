/** Remembers records for a moment, and asks once for logins that come together; by default it does neither. */

import { IdentityFault } from '../../decision.ts';
import type { RecordMembers } from '../../records/record.ts';
import { untilAborted } from '../../upstream/until-aborted.ts';

/** Users remembered at once. */
const MAX_ENTRIES = 1000;
/** A load that several logins wait for ends with none of them, so it has a limit of its own. */
const LOAD_TIMEOUT_MS = 8000;

export interface RecordCacheTimes {
  readonly cacheMs: number;
  readonly missingCacheMs: number;
}

type Load = (signal: AbortSignal) => Promise<RecordMembers | undefined>;

interface Entry {
  readonly loading: Promise<RecordMembers | undefined>;
  /** Unknown until it is loaded. */
  freshUntilMs: number;
}

export class RecordCache {
  readonly #times: RecordCacheTimes;
  readonly #now: () => number;
  readonly #entries = new Map<string, Entry>();

  constructor(times: RecordCacheTimes, now: () => number) {
    this.#times = times;
    this.#now = now;
  }

  /** @throws IdentityFault UPSTREAM_TIMED_OUT where the login is given up; what `load` throws, which is not remembered */
  find(key: string, signal: AbortSignal, load: Load): Promise<RecordMembers | undefined> {
    if (this.#times.cacheMs === 0 && this.#times.missingCacheMs === 0) return load(signal);
    if (signal.aborted) return Promise.reject(new IdentityFault('UPSTREAM_TIMED_OUT', 'Secrets Manager.'));
    const known = this.#entries.get(key);
    const isFresh = known !== undefined && this.#now() < known.freshUntilMs;
    return untilAborted(isFresh ? known.loading : this.#begin(key, load), signal, 'Secrets Manager');
  }

  #begin(key: string, load: Load): Promise<RecordMembers | undefined> {
    const loading = load(AbortSignal.timeout(LOAD_TIMEOUT_MS));
    const entry: Entry = { loading, freshUntilMs: Number.POSITIVE_INFINITY };
    this.#entries.delete(key);
    this.#makeRoom();
    this.#entries.set(key, entry);
    loading.then(
      (record) => {
        const { cacheMs, missingCacheMs } = this.#times;
        entry.freshUntilMs = this.#now() + (record === undefined ? missingCacheMs : cacheMs);
      },
      () => {
        if (this.#entries.get(key) === entry) this.#entries.delete(key);
      },
    );
    return loading;
  }

  /** The oldest goes: it is the first to be out of date. */
  #makeRoom(): void {
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined && this.#entries.size >= MAX_ENTRIES) this.#entries.delete(oldest);
  }
}
