/** `npm run test:abuse`: whether clients that misbehave slow down another session, or make the server's memory grow. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ProcessTree } from '../../bench/process-tree.ts';
import { runSuccessfully } from '../interop/lab/command.ts';
import { writeLargeFile } from '../interop/lab/content.ts';
import { startDrawbridge } from '../interop/lab/drawbridge.ts';
import { cleanEnvironment } from '../interop/lab/environment.ts';
import { abortOnSignals, optionsOrExit } from '../interop/lab/invocation.ts';
import { generateKey, scanHostKeys } from '../interop/lab/keys.ts';
import { writeSshConfig } from '../interop/lab/ssh-config.ts';
import { makeWorkspace } from '../interop/lab/workspace.ts';
import { ABUSES, type Abuse } from './kinds.ts';

const USER_NAME = 'interop';
const PASSWORD = 'abuse-4f1d';
const ABUSER = fileURLToPath(new URL('abuser.ts', import.meta.url));
const FILE_BYTES = 96 * 1024 * 1024;
/** Transfers of the other session in each phase; the phases with and without abuse take turns. */
const RUNS = 3;
const ROUNDS = 2;
/** The other session may take this much longer. */
const DEFAULT_MAX_SLOWDOWN = 1.2;
/** On a busy machine one measurement proves nothing: a slowdown must show this often in a row to count. */
const ATTEMPTS = 3;
/** The abuser is at work by then. */
const WARM_UP_MS = 1500;
const MIB = 1024 * 1024;
/** What one connection may hold (ARCHITECTURE.md): window 2, answers 4, output 2, read ahead 1, and the objects for them. */
const MAX_MIB_PER_CONNECTION = 10;
/** What the process may grow by besides: garbage, collected when it is 256 MiB, and the other session's own. */
const MAX_SLACK_MIB = 300;

const USAGE = `usage: node test/abuse/main.ts [options]
  --kind TEXT         only kinds of abuse whose name holds the text
  --max-slowdown N    what the other session may take longer, default ${DEFAULT_MAX_SLOWDOWN} times`;

interface Outcome {
  readonly slowdown: number;
  readonly grownMib: number;
  readonly allowedMib: number;
}

interface Target {
  readonly port: number;
  readonly processId: number;
}

/** The session that must not suffer: OpenSSH's sftp, up and down. */
class OtherSession {
  readonly #folder: string;
  readonly #port: number;
  readonly #signal: AbortSignal;

  constructor(folder: string, port: number, signal: AbortSignal) {
    this.#folder = folder;
    this.#port = port;
    this.#signal = signal;
  }

  /** @returns seconds for one upload and one download. @throws Error when a transfer fails */
  async run(): Promise<number> {
    const local = path.join(this.#folder, 'source');
    const { durationMs } = await runSuccessfully({
      program: 'sftp',
      args: [
        '-F',
        path.join(this.#folder, 'ssh_config'),
        '-b',
        '-',
        '-P',
        String(this.#port),
        `${USER_NAME}@127.0.0.1`,
      ],
      environment: cleanEnvironment(this.#folder),
      signal: AbortSignal.any([this.#signal, AbortSignal.timeout(60_000)]),
      input: `put "${local}" copy\nget copy "${local}.back"\n`,
    });
    return durationMs / 1000;
  }

  async runs(count: number): Promise<number[]> {
    const seconds: number[] = [];
    for (let run = 0; run < count; run++) seconds.push(await this.run());
    return seconds;
  }
}

async function measure(abuse: Abuse, target: Target, other: OtherSession): Promise<Outcome> {
  const tree = new ProcessTree(target.processId);
  const quiet: number[] = [];
  const abused: number[] = [];
  let grownBytes = 0;
  for (let round = 0; round < ROUNDS; round++) {
    quiet.push(...(await other.runs(RUNS)));
    await tree.resetPeaks();
    const before = await peakBytes(tree, target.processId);
    const abuser = spawn(process.execPath, [ABUSER, abuse.name, String(target.port), USER_NAME, PASSWORD], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    try {
      await delay(WARM_UP_MS);
      if (abuser.exitCode !== null) throw new Error(`the abuser of '${abuse.name}' ended`);
      abused.push(...(await other.runs(RUNS)));
      grownBytes = Math.max(grownBytes, (await peakBytes(tree, target.processId)) - before);
    } finally {
      abuser.kill('SIGKILL');
      if (abuser.exitCode === null && abuser.signalCode === null) await once(abuser, 'exit');
    }
  }
  return {
    slowdown: median(abused) / median(quiet),
    grownMib: grownBytes / MIB,
    allowedMib: abuse.connections * MAX_MIB_PER_CONNECTION + MAX_SLACK_MIB,
  };
}

/** Of the server itself; the processes of functions are bounded in number by the configuration. */
async function peakBytes(tree: ProcessTree, processId: number): Promise<number> {
  return (await tree.peaks()).get(processId) ?? 0;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

async function judge(abuse: Abuse, maxSlowdown: number, once: () => Promise<Outcome>): Promise<boolean> {
  for (let attempt = 1; ; attempt++) {
    const { slowdown, grownMib, allowedMib } = await once();
    const isSlow = slowdown > maxSlowdown;
    const isLarge = grownMib > allowedMib;
    const facts = `${slowdown.toFixed(2)} × the time, ${grownMib.toFixed(0)} of ${allowedMib} MiB more`;
    const verdict = isSlow || isLarge ? 'FAILED' : 'ok';
    console.log(`${verdict.padEnd(7)}${abuse.name} (${abuse.connections} connections): ${facts}`);
    if (!isSlow && !isLarge) return true;
    if (isLarge || attempt === ATTEMPTS) return false;
  }
}

async function run({ abuses, maxSlowdown }: Options, signal: AbortSignal): Promise<boolean> {
  await using workspace = await makeWorkspace('abuse', FILE_BYTES * 5);
  const folder = path.join(workspace.path, 'client');
  const bucketFolder = path.join(workspace.path, 'bucket');
  await mkdir(folder);
  await mkdir(path.join(bucketFolder, USER_NAME), { recursive: true });
  await writeLargeFile(path.join(folder, 'source'), FILE_BYTES);
  await writeLargeFile(path.join(bucketFolder, USER_NAME, 'large'), FILE_BYTES);
  const key = await generateKey(path.join(folder, 'key'), 'ed25519', signal);
  await using running = await startDrawbridge({
    folder: path.join(workspace.path, 'server'),
    bucket: { path: bucketFolder },
    password: PASSWORD,
    publicKeys: [key.publicKey],
  });
  const knownHostsFile = path.join(folder, 'known_hosts');
  await scanHostKeys(knownHostsFile, running, signal);
  await writeSshConfig(path.join(folder, 'ssh_config'), {
    knownHostsFile,
    credential: { kind: 'key', key },
  });
  const other = new OtherSession(folder, running.port, signal);
  await other.runs(RUNS);
  let isGood = true;
  const target = { port: running.port, processId: running.server.processId };
  for (const abuse of abuses) {
    isGood = (await judge(abuse, maxSlowdown, () => measure(abuse, target, other))) && isGood;
  }
  return isGood;
}

interface Options {
  readonly abuses: readonly Abuse[];
  readonly maxSlowdown: number;
}

const options = optionsOrExit((args): Options => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      kind: { type: 'string', multiple: true, default: [] },
      'max-slowdown': { type: 'string', default: String(DEFAULT_MAX_SLOWDOWN) },
    },
  });
  const abuses = ABUSES.filter(
    ({ name }) => values.kind.length === 0 || values.kind.some((text) => name.includes(text)),
  );
  if (abuses.length === 0) throw new Error('no kind of abuse is left');
  const maxSlowdown = Number(values['max-slowdown']);
  if (!(maxSlowdown > 1)) throw new Error(`'${values['max-slowdown']}' is no factor above 1`);
  return { abuses, maxSlowdown };
}, USAGE);
if (!(await run(options, abortOnSignals()))) process.exitCode = 1;
