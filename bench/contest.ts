/** Starts the peers of a suite, lets them take turns, and stops them again. */

import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { KeyPair } from '../test/interop/lab/keys.ts';
import { OpenSshClient } from './openssh-client.ts';
import { ProcessTree } from './process-tree.ts';
import type { Contestant, Row, Source } from './row.ts';
import type { Suite } from './suites.ts';
import type { RowResult } from './table.ts';

export interface ContestOptions {
  readonly suite: Suite;
  readonly source: Source;
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
}

export async function runContest(options: ContestOptions): Promise<ContestResult> {
  await using running = new AsyncDisposableStack();
  const contestants = new Map<string, Contestant>();
  const absent: Record<string, string> = {};
  for (const peer of options.suite.peers) {
    const reason = await peer.whyAbsent();
    if (reason !== undefined) {
      absent[peer.name] = reason;
      continue;
    }
    const folder = path.join(options.workspace, peer.name);
    const filesFolder = path.join(folder, 'files');
    const clientFolder = path.join(folder, 'client');
    await mkdir(filesFolder, { recursive: true });
    await mkdir(clientFolder);
    const { key, signal } = options;
    const started = running.use(
      await peer.start({ folder: path.join(folder, 'server'), filesFolder, key, signal }),
    );
    contestants.set(peer.name, {
      peer: started,
      tree: new ProcessTree(started.processId),
      client: await OpenSshClient.connectTo(started, key, clientFolder, signal),
    });
  }
  const results: RowResult[] = [];
  for (const row of options.suite.rows) results.push(await runRow(row, contestants, options));
  const versions = Object.fromEntries([...contestants].map(([name, { peer }]) => [name, peer.version]));
  return { results, versions, absent };
}

/** A B A B: what the machine does meanwhile hits all peers alike. */
async function runRow(
  row: Row,
  contestants: ReadonlyMap<string, Contestant>,
  { source, runCount, progress }: ContestOptions,
): Promise<RowResult> {
  const runs: Record<string, (readonly number[])[]> = {};
  const notes: Record<string, string> = {};
  for (const [name, contestant] of contestants) {
    await row.verify(contestant, source);
    const note = await row.note?.(contestant);
    if (note !== undefined) notes[name] = note;
    runs[name] = [];
  }
  for (let index = 1; index <= runCount; index += 1) {
    for (const [name, contestant] of contestants) {
      const values = await row.run(contestant, source);
      runs[name]?.push(values);
      const shown = row.metrics.map(
        (metric, metricIndex) => `${values[metricIndex]?.toFixed(metric.decimals)} ${metric.name}`,
      );
      progress(`${row.name}, run ${index}, ${name}: ${shown.join(', ')}`);
    }
  }
  return { row: row.name, metrics: row.metrics, runs, notes };
}
