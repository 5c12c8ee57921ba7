/** Starts the peers of a row, lets them take turns, and stops them again. */

import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { KeyPair } from '../test/interop/lab/keys.ts';
import type { Competitor } from './competitor.ts';
import type { RowResult } from './result.ts';
import type { Row, Task } from './row.ts';
import type { Suite } from './suites.ts';

export interface ContestOptions<C, R extends Row<C>> {
  readonly suite: Suite<C, R>;
  readonly task: Task;
  readonly runCount: number;
  readonly key: KeyPair;
  readonly workspace: string;
  readonly signal: AbortSignal;
  progress(line: string): void;
}

export interface ContestResult {
  readonly results: readonly RowResult[];
  /** By name, of the peers that took part, in their order. */
  readonly versions: Readonly<Record<string, string>>;
  /** Why others did not, by name. */
  readonly absent: Readonly<Record<string, string>>;
  /** By name of the row that this machine cannot measure. */
  readonly absentRows: Readonly<Record<string, string>>;
  /** What went wrong, beyond peers and rows that are absent. */
  readonly failures: readonly string[];
}

/** A client that says so has met a server without the algorithm; that is an absence and no failure. */
const NOT_OFFERED = /no matching (?:cipher|MAC|key exchange method) found/;

export async function runContest<C, R extends Row<C>>(options: ContestOptions<C, R>): Promise<ContestResult> {
  const contest = new Contest(options);
  return contest.run();
}

/** What a peer has in the row that runs. */
interface Score {
  readonly runs: (readonly number[])[];
  note: string | undefined;
  reasonAbsent: string | undefined;
}

/** At the start of a row, its work proved. */
interface Ready<C> extends AsyncDisposable {
  readonly contestant: C;
  readonly note: string | undefined;
}

interface Turn<C, R extends Row<C>> {
  readonly peer: Competitor<C, R>;
  readonly contestant: C;
  readonly score: Score;
  /** From 1. */
  readonly index: number;
}

class Contest<C, R extends Row<C>> {
  readonly #options: ContestOptions<C, R>;
  readonly #versions: Record<string, string> = {};
  readonly #failures: string[] = [];
  #folderCount = 0;

  constructor(options: ContestOptions<C, R>) {
    this.#options = options;
  }

  async run(): Promise<ContestResult> {
    const { suite } = this.#options;
    const absent: Record<string, string> = {};
    const absentRows: Record<string, string> = {};
    const peers: Competitor<C, R>[] = [];
    for (const peer of suite.peers) {
      const reason = await peer.whyAbsent();
      if (reason === undefined) peers.push(peer);
      else absent[peer.name] = reason;
    }
    const results: RowResult[] = [];
    for (const row of suite.rows) {
      const reason = await row.whyAbsent?.();
      if (reason === undefined) results.push(await this.#runRow(row, peers));
      else absentRows[row.name] = reason;
    }
    const versions = Object.fromEntries(
      peers.flatMap(({ name }) => (this.#versions[name] === undefined ? [] : [[name, this.#versions[name]]])),
    );
    return { results, versions, absent, absentRows, failures: this.#failures };
  }

  async #runRow(row: R, peers: readonly Competitor<C, R>[]): Promise<RowResult> {
    const taking = peers.filter(({ name }) => row.only?.includes(name) ?? true);
    const scores = new Map(
      taking.map((peer): [Competitor<C, R>, Score] => [
        peer,
        { runs: [], note: undefined, reasonAbsent: undefined },
      ]),
    );
    if (row.needsFreshServers === true) await this.#runWithFreshServers(row, scores);
    else await this.#runSideBySide(row, scores);
    const collect = <T>(pick: (score: Score) => T | undefined): Record<string, T> =>
      Object.fromEntries(
        [...scores].flatMap(([{ name }, score]) => {
          const value = pick(score);
          return value === undefined ? [] : [[name, value]];
        }),
      );
    return {
      row: row.name,
      metrics: row.metrics,
      runs: collect(({ runs }) => (runs.length === 0 ? undefined : runs)),
      notes: collect(({ note }) => note),
      absent: collect(({ reasonAbsent }) => reasonAbsent),
    };
  }

  /** A B A B: what the machine does meanwhile hits all peers alike. */
  async #runSideBySide(row: R, scores: ReadonlyMap<Competitor<C, R>, Score>): Promise<void> {
    await using running = new AsyncDisposableStack();
    const contestants = new Map<Competitor<C, R>, C>();
    for (const [peer, score] of scores) {
      await this.#attempt(row, peer, score, async () => {
        const entrant = running.use(await this.#enter(row, peer));
        score.note = entrant.note;
        contestants.set(peer, entrant.contestant);
      });
    }
    for (let index = 1; index <= this.#runCount(row); index += 1) {
      for (const [peer, score] of scores) {
        const contestant = contestants.get(peer);
        if (contestant !== undefined) {
          await this.#attempt(row, peer, score, () => this.#runOnce(row, { peer, contestant, score, index }));
        }
      }
    }
  }

  async #runWithFreshServers(row: R, scores: ReadonlyMap<Competitor<C, R>, Score>): Promise<void> {
    for (let index = 1; index <= this.#runCount(row); index += 1) {
      for (const [peer, score] of scores) {
        await this.#attempt(row, peer, score, async () => {
          await using entrant = await this.#enter(row, peer);
          score.note = entrant.note;
          await this.#runOnce(row, { peer, contestant: entrant.contestant, score, index });
        });
      }
    }
  }

  /** What one peer fails at must not cost the figures of the others. */
  async #attempt(row: R, peer: Competitor<C, R>, score: Score, work: () => Promise<void>): Promise<void> {
    if (score.reasonAbsent !== undefined) return;
    try {
      await work();
    } catch (error) {
      this.#options.signal.throwIfAborted();
      const message = error instanceof Error ? error.message : String(error);
      const isAbsence = NOT_OFFERED.test(message);
      score.reasonAbsent = isAbsence ? 'it does not offer the algorithm' : `it failed: ${message}`;
      score.runs.length = 0;
      if (!isAbsence) this.#failures.push(`${row.name}, ${peer.name}: ${message}`);
    }
  }

  async #runOnce(row: R, { peer, contestant, score, index }: Turn<C, R>): Promise<void> {
    const values = await row.run(contestant, this.#options.task);
    score.runs.push(values);
    const shown = row.metrics.map(
      (metric, metricIndex) => `${values[metricIndex]?.toFixed(metric.decimals)} ${metric.name}`,
    );
    this.#options.progress(`${row.name}, run ${index}, ${peer.name}: ${shown.join(', ')}`);
  }

  #runCount(row: R): number {
    return row.runsOnce === true ? 1 : this.#options.runCount;
  }

  /** Starts a competitor for the row and proves that it does the work right. */
  async #enter(row: R, peer: Competitor<C, R>): Promise<Ready<C>> {
    const { key, signal, task, workspace } = this.#options;
    signal.throwIfAborted();
    this.#folderCount += 1;
    await using running = new AsyncDisposableStack();
    const root = path.join(workspace, `${this.#folderCount}`);
    running.defer(() => rm(root, { recursive: true, force: true, maxRetries: 3 }));
    await mkdir(root);
    const { contestant, version } = running.use(await peer.enter(row, { root, task, key, signal }));
    this.#versions[peer.name] = version;
    const note = await row.verify(contestant, task);
    const owned = running.move();
    return { contestant, note, [Symbol.asyncDispose]: () => owned.disposeAsync() };
  }
}
