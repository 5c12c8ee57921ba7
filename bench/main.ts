/** `npm run bench -- sftp`: Drawbridge and its peers side by side in one run, with the same client and files. */

import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, release } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runCommand } from '../test/interop/lab/command.ts';
import { hashFile, writeLargeFile } from '../test/interop/lab/content.ts';
import { cleanEnvironment } from '../test/interop/lab/environment.ts';
import { abortOnSignals, optionsOrExit } from '../test/interop/lab/invocation.ts';
import { generateKey } from '../test/interop/lab/keys.ts';
import { formatSize, parseSize } from '../test/interop/lab/size.ts';
import { makeWorkspace, type Workspace } from '../test/interop/lab/workspace.ts';
import { type ContestResult, runContest } from './contest.ts';
import type { Source } from './row.ts';
import { SUITES, type Suite } from './suites.ts';
import { formatTable, medianOf } from './table.ts';
import { localWriteSecondsPerGb } from './write-floor.ts';

const RESULTS_FOLDER = fileURLToPath(new URL('../.cache/bench', import.meta.url));
/** The source, what is fetched, and one stored file per peer. */
const COPIES_BESIDE_PEERS = 2;

const USAGE = `usage: node bench/main.ts ${Object.keys(SUITES).join('|')} [options]
  --runs N      runs of each row and peer, default 3; medians are shown
  --size SIZE   size of the transferred file, default 1G
  --peer NAME   only this peer; may be repeated
  --row TEXT    only rows whose name holds the text; may be repeated`;

interface Options {
  readonly suiteName: string;
  readonly suite: Suite;
  readonly runCount: number;
  readonly sizeBytes: number;
}

function readOptions(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      runs: { type: 'string', default: '3' },
      size: { type: 'string', default: '1G' },
      peer: { type: 'string', multiple: true, default: [] },
      row: { type: 'string', multiple: true, default: [] },
    },
  });
  const suiteName = positionals[0] ?? '';
  const whole = SUITES[suiteName];
  if (whole === undefined) throw new Error(`there is no suite '${suiteName}'`);
  const runCount = Number(values.runs);
  if (!Number.isInteger(runCount) || runCount < 1) throw new Error(`'${values.runs}' is no number of runs`);
  const isAsked = (asked: readonly string[], name: string) =>
    asked.length === 0 || asked.some((text) => name.toLowerCase().includes(text.toLowerCase()));
  const suite: Suite = {
    peers: whole.peers.filter(({ name }) => isAsked(values.peer, name)),
    rows: whole.rows.filter(({ name }) => isAsked(values.row, name)),
  };
  if (suite.peers.length === 0 || suite.rows.length === 0) throw new Error('no peer or no row is left');
  return { suiteName, suite, runCount, sizeBytes: parseSize(values.size) };
}

async function makeSource(workspace: Workspace, sizeBytes: number): Promise<Source> {
  const folder = path.join(workspace.path, 'local');
  await mkdir(folder);
  const file = path.join(folder, 'source');
  await writeLargeFile(file, sizeBytes);
  return { path: file, sha256: await hashFile(file), sizeBytes, folder };
}

/** What a reader needs to compare two runs. */
async function describeMachine(workspace: Workspace, signal: AbortSignal) {
  const ssh = await runCommand({
    program: 'ssh',
    args: ['-V'],
    environment: cleanEnvironment(workspace.path),
    signal,
  });
  return {
    cpu: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`,
    kernel: release(),
    node: process.version,
    client: ssh.errorOutput.trim(),
    files: workspace.inMemory ? 'in memory' : 'in the temporary folder',
  };
}

async function run(options: Options, signal: AbortSignal): Promise<void> {
  const { suite, suiteName, runCount, sizeBytes } = options;
  const neededBytes = sizeBytes * (COPIES_BESIDE_PEERS + suite.peers.length);
  await using workspace = await makeWorkspace('bench', neededBytes);
  const machine = await describeMachine(workspace, signal);
  const source = await makeSource(workspace, sizeBytes);
  const key = await generateKey(path.join(source.folder, 'key'), 'ed25519', signal);
  const writeFloor = await localWriteSecondsPerGb(source, signal);
  const contest = await runContest({
    suite,
    source,
    runCount,
    key,
    workspace: workspace.path,
    signal,
    progress: (line) => console.log(line),
  });
  for (const [name, reason] of Object.entries(contest.absent)) console.log(`${name} is absent: ${reason}`);
  if (contest.results.length === 0) return;
  console.log(`\n${formatSize(sizeBytes)}, median of ${runCount}; ${Object.values(machine).join('; ')}`);
  console.log(
    Object.entries(contest.versions)
      .map(([name, version]) => `${name}: ${version}`)
      .join('; '),
  );
  console.log(`\n${formatTable(contest.results, Object.keys(contest.versions))}`);
  console.log(`\nThe login is part of the time. Peak RSS is the sum over the server's processes.`);
  console.log(`A local dd writes the same bytes at ${writeFloor.toFixed(2)} CPU s/GB.`);
  console.log(`\n${await writeResults(suiteName, { machine, sizeBytes, runCount, writeFloor, contest })}`);
}

interface Report {
  readonly machine: Readonly<Record<string, string>>;
  readonly sizeBytes: number;
  readonly runCount: number;
  readonly writeFloor: number;
  readonly contest: ContestResult;
}

/** @returns the path of the file. */
async function writeResults(suiteName: string, report: Report): Promise<string> {
  const { contest, machine, sizeBytes, runCount, writeFloor } = report;
  const finished = new Date().toISOString();
  const rows = contest.results.map((result) => ({
    row: result.row,
    metrics: result.metrics.map((metric, index) => ({
      ...metric,
      medians: Object.fromEntries(
        Object.keys(result.runs).map((peer) => [peer, medianOf(result, peer, index)]),
      ),
    })),
    notes: result.notes,
    runs: result.runs,
  }));
  const file = path.join(RESULTS_FOLDER, `${suiteName}-${finished.replaceAll(':', '-')}.json`);
  const { versions, absent } = contest;
  const content = {
    finished,
    machine,
    sizeBytes,
    runCount,
    localWriteCpuSecondsPerGb: writeFloor,
    versions,
    absent,
    rows,
  };
  await mkdir(RESULTS_FOLDER, { recursive: true });
  await writeFile(file, `${JSON.stringify(content, null, 2)}\n`);
  return path.relative(process.cwd(), file);
}

const options = optionsOrExit(readOptions, USAGE);
const signal = abortOnSignals();
await run(options, signal);
