/** Starts the peers of a row, lets them take turns, and stops them again. */

import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { KeyPair } from '../test/interop/lab/keys.ts';
import { LoadClient } from './load-client.ts';
import { OpenSshClient } from './openssh-client.ts';
import { type Peer, USER_NAME } from './peer.ts';
import { ProcessTree } from './process-tree.ts';
import type { RowResult } from './result.ts';
import type { Contestant, Row, Task } from './row.ts';
import type { Suite } from './suites.ts';

export interface ContestOptions {
  readonly suite: Suite;
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

export async function runContest(options: ContestOptions): Promise<ContestResult> {
  const contest = new Contest(options);
  return contest.run();
}

/** What a peer has in the row that runs. */
interface Score {
  readonly runs: (readonly number[])[];
  note: string | undefined;
  reasonAbsent: string | undefined;
}

interface Entrant extends AsyncDisposable {
  readonly contestant: Contestant;
  readonly note: string | undefined;
}

class Contest {
  readonly #options: ContestOptions;
  readonly #versions: Record<string, string> = {};
  readonly #failures: string[] = [];
  #folderCount = 0;

  constructor(options: ContestOptions) {
    this.#options = options;
  }

  async run(): Promise<ContestResult> {
    const { suite } = this.#options;
    const absent: Record<string, string> = {};
    const absentRows: Record<string, string> = {};
    const peers: Peer[] = [];
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

  async #runRow(row: Row, peers: readonly Peer[]): Promise<RowResult> {
    const scores = new Map(
      peers.map((peer): [Peer, Score] => [peer, { runs: [], note: undefined, reasonAbsent: undefined }]),
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
  async #runSideBySide(row: Row, scores: ReadonlyMap<Peer, Score>): Promise<void> {
    await using running = new AsyncDisposableStack();
    const contestants = new Map<Peer, Contestant>();
    for (const [peer, score] of scores) {
      await this.#attempt(row, peer, score, async () => {
        const entrant = running.use(await this.#enter(row, peer));
        score.note = entrant.note;
        contestants.set(peer, entrant.contestant);
      });
    }
    for (let index = 1; index <= this.#options.runCount; index += 1) {
      for (const [peer, score] of scores) {
        const contestant = contestants.get(peer);
        if (contestant !== undefined) {
          await this.#attempt(row, peer, score, () => this.#runOnce(row, contestant, score, index));
        }
      }
    }
  }

  async #runWithFreshServers(row: Row, scores: ReadonlyMap<Peer, Score>): Promise<void> {
    for (let index = 1; index <= this.#options.runCount; index += 1) {
      for (const [peer, score] of scores) {
        await this.#attempt(row, peer, score, async () => {
          await using entrant = await this.#enter(row, peer);
          score.note = entrant.note;
          await this.#runOnce(row, entrant.contestant, score, index);
        });
      }
    }
  }

  /** What one peer fails at must not cost the figures of the others. */
  async #attempt(row: Row, peer: Peer, score: Score, work: () => Promise<void>): Promise<void> {
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

  async #runOnce(row: Row, contestant: Contestant, score: Score, index: number): Promise<void> {
    const values = await row.run(contestant, this.#options.task);
    score.runs.push(values);
    const shown = row.metrics.map(
      (metric, metricIndex) => `${values[metricIndex]?.toFixed(metric.decimals)} ${metric.name}`,
    );
    this.#options.progress(`${row.name}, run ${index}, ${contestant.peer.name}: ${shown.join(', ')}`);
  }

  /** Starts a server for the row and proves that it does the work right. */
  async #enter(row: Row, peer: Peer): Promise<Entrant> {
    const { key, signal, task, workspace } = this.#options;
    signal.throwIfAborted();
    this.#folderCount += 1;
    await using running = new AsyncDisposableStack();
    const root = path.join(workspace, `${this.#folderCount}`);
    running.defer(() => rm(root, { recursive: true, force: true, maxRetries: 3 }));
    const folder = path.join(root, 'server');
    const filesFolder = path.join(root, 'files', USER_NAME);
    const clientFolder = path.join(root, 'client');
    const clientHome = path.join(root, 'client-home');
    for (const made of [folder, filesFolder, clientFolder, clientHome])
      await mkdir(made, { recursive: true });
    await row.prepare?.(filesFolder, task);
    const offersOldAlgorithms = row.needsOldAlgorithms === true;
    const started = running.use(await peer.start({ folder, filesFolder, key, offersOldAlgorithms, signal }));
    this.#versions[peer.name] = started.version;
    const { address } = started;
    const client = await OpenSshClient.connectTo(address, key, clientHome, signal);
    const contestant: Contestant = {
      peer,
      address,
      filesFolder,
      clientFolder,
      tree: new ProcessTree(started.processId),
      client,
      loadClient: new LoadClient({
        address,
        key,
        knownHostsFile: client.knownHostsFile,
        folder: clientHome,
        signal,
      }),
      signal,
    };
    const note = await row.verify(contestant, task);
    const owned = running.move();
    return { contestant, note, [Symbol.asyncDispose]: () => owned.disposeAsync() };
  }
}
