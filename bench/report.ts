/** What a bench leaves behind: the printed tables and a JSON file with every single run. */

import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, release } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { formatSize } from '../test/interop/lab/size.ts';
import type { ContestResult } from './contest.ts';
import { judge } from './goals.ts';
import { clientVersion } from './openssh-client.ts';
import { medianOf } from './result.ts';
import type { Suite } from './suites.ts';
import { formatAbsences, formatMarkdown, formatTable, type TableFrame } from './table.ts';
import type { Workload } from './workload.ts';

const RESULTS_FOLDER = fileURLToPath(new URL('../.cache/bench', import.meta.url));

export interface Report {
  readonly suiteName: string;
  readonly suite: Suite;
  readonly machine: Readonly<Record<string, string>>;
  readonly workload: Workload;
  readonly runCount: number;
  /** What the same bytes cost a local program. */
  readonly writeFloorSecondsPerGb: number;
  readonly contest: ContestResult;
}

/** What a reader needs to compare two runs. */
export async function describeMachine(
  folder: string,
  isInMemory: boolean,
  signal: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
  return {
    cpu: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`,
    kernel: release(),
    node: process.version,
    client: await clientVersion(folder, signal),
    files: isInMemory ? 'in memory' : 'in the temporary folder',
  };
}

export function printReport(report: Report, asMarkdown: boolean): void {
  const { contest, machine, runCount, workload, writeFloorSecondsPerGb: writeFloor } = report;
  const frame = frameOf(report);
  const versions = Object.entries(contest.versions).map(([name, version]) => `${name}: ${version}`);
  const intro = [
    `${formatSize(workload.largeBytes)}, median of ${runCount}; ${Object.values(machine).join('; ')}`,
    versions.join('; '),
    `A local dd writes the same bytes at ${writeFloor.toFixed(2)} CPU s/GB.`,
  ].join(asMarkdown ? '\n\n' : '\n');
  const table = asMarkdown ? formatMarkdown(contest.results, frame) : formatTable(contest.results, frame);
  const absences = [
    ...Object.entries(contest.absent).map(([name, reason]) => `${name} is absent: ${reason}`),
    ...Object.entries(contest.absentRows).map(([row, reason]) => `${row}: not measured: ${reason}`),
    formatAbsences(contest.results),
  ].filter((line) => line !== '');
  console.log(`\n${intro}\n\n${table}\n\n${absences.join('\n')}`);
}

/** @returns the path of the file. */
export async function writeReport(report: Report): Promise<string> {
  const { contest, suite, suiteName, ...circumstances } = report;
  const finished = new Date().toISOString();
  const rows = contest.results.map((result) => ({
    ...result,
    metrics: result.metrics.map((metric, index) => ({
      ...metric,
      medians: Object.fromEntries(
        Object.keys(result.runs).map((peer) => [peer, medianOf(result, peer, index)]),
      ),
      goals: judge(suite.goals, result, index, suite.measured),
    })),
  }));
  const content = { finished, ...circumstances, ...contest, results: undefined, rows };
  const file = path.join(RESULTS_FOLDER, `${suiteName}-${finished.replaceAll(':', '-')}.json`);
  await mkdir(RESULTS_FOLDER, { recursive: true });
  await writeFile(file, `${JSON.stringify(content, null, 2)}\n`);
  return path.relative(process.cwd(), file);
}

function frameOf({ suite, contest }: Report): TableFrame {
  return {
    peers: Object.keys(contest.versions),
    measured: suite.measured,
    measure: suite.measure,
    goals: suite.goals,
  };
}
