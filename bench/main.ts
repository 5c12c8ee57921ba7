/** `npm run bench -- sftp`: Drawbridge and its peers side by side in one run, with the same clients and files. */

import path from 'node:path';
import { parseArgs } from 'node:util';
import { abortOnSignals, optionsOrExit } from '../test/interop/lab/invocation.ts';
import { generateKey } from '../test/interop/lab/keys.ts';
import { parseSize } from '../test/interop/lab/size.ts';
import { makeWorkspace } from '../test/interop/lab/workspace.ts';
import { runContest } from './contest.ts';
import { makeSource } from './files.ts';
import { describeMachine, printReport, writeReport } from './report.ts';
import { SUITES, type Suite } from './suites.ts';
import type { Workload } from './workload.ts';
import { localWriteSecondsPerGb } from './write-floor.ts';

/** The source with its parts, what one peer stores, what is fetched: of the large size each. */
const COPIES_AT_ONCE = 4;

const USAGE = `usage: node bench/main.ts ${Object.keys(SUITES).join('|')} [options]
  --quick       little work and one run: shows that everything works, not how fast
  --runs N      runs of each row and peer, default 3; medians are shown
  --size SIZE   size of the large file, default that of the suite; several streams share it
  --peer NAME   only peers whose name holds the text; may be repeated
  --row TEXT    only rows whose name holds the text; may be repeated
  --markdown    the table as Markdown
environment:
  DRAWBRIDGE_BENCH_SSHD    path of another sshd to compare with
  DRAWBRIDGE_BENCH_SFTP    path of another sftp to measure with; its ssh lies beside it
  DRAWBRIDGE_BENCH_SFTPGO  path of sftpgo where it is not in PATH`;

interface Options {
  readonly suiteName: string;
  readonly suite: Suite;
  readonly runCount: number;
  readonly workload: Workload;
  readonly asMarkdown: boolean;
}

function readOptions(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      runs: { type: 'string' },
      size: { type: 'string' },
      peer: { type: 'string', multiple: true, default: [] },
      row: { type: 'string', multiple: true, default: [] },
      markdown: { type: 'boolean', default: false },
    },
  });
  const suiteName = positionals[0] ?? '';
  const whole = SUITES[suiteName];
  if (whole === undefined) throw new Error(`there is no suite '${suiteName}'`);
  const runCount = Number(values.runs ?? (values.quick ? 1 : 3));
  if (!Number.isInteger(runCount) || runCount < 1) throw new Error(`'${values.runs}' is no number of runs`);
  const base = values.quick ? whole.workloads.quick : whole.workloads.full;
  const workload = values.size === undefined ? base : { ...base, largeBytes: parseSize(values.size) };
  return {
    suiteName,
    suite: select(whole, values.peer, values.row),
    runCount,
    workload,
    asMarkdown: values.markdown,
  };
}

/** @throws Error when nothing is left. */
function select(whole: Suite, peers: readonly string[], rows: readonly string[]): Suite {
  const isAsked = (asked: readonly string[], name: string) =>
    asked.length === 0 || asked.some((text) => name.toLowerCase().includes(text.toLowerCase()));
  const suite: Suite = {
    ...whole,
    peers: whole.peers.filter(({ name }) => isAsked(peers, name)),
    rows: whole.rows.filter(({ name }) => isAsked(rows, name)),
  };
  if (suite.peers.length === 0 || suite.rows.length === 0) throw new Error('no peer or no row is left');
  return suite;
}

/** @returns whether every peer did its work right. */
async function run(options: Options, signal: AbortSignal): Promise<boolean> {
  const { suite, suiteName, runCount, workload, asMarkdown } = options;
  await using workspace = await makeWorkspace('bench', workload.largeBytes * COPIES_AT_ONCE);
  const machine = await describeMachine(workspace.path, workspace.inMemory, signal);
  const source = await makeSource(path.join(workspace.path, 'source'), workload);
  const key = await generateKey(path.join(workspace.path, 'key'), 'ed25519', signal);
  const writeFloorSecondsPerGb = await localWriteSecondsPerGb(source.large, signal);
  const contest = await runContest({
    suite,
    task: { workload, source },
    runCount,
    key,
    workspace: workspace.path,
    signal,
    progress: (line) => console.error(line),
  });
  const report = { suiteName, suite, machine, workload, runCount, writeFloorSecondsPerGb, contest };
  printReport(report, asMarkdown);
  console.log(`\n${await writeReport(report)}`);
  for (const failure of contest.failures) console.error(`FAILED: ${failure}`);
  return contest.failures.length === 0;
}

const options = optionsOrExit(readOptions, USAGE);
const signal = abortOnSignals();
try {
  if (!(await run(options, signal))) process.exitCode = 1;
} catch (error) {
  if (!signal.aborted) throw error;
  console.error('stopped');
  process.exitCode = 130;
}
