/** `npm run test:interop`: real clients against the server, and what must not work. */

import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { Run } from './attempt.ts';
import type { Client } from './client.ts';
import { CLIENTS } from './clients/all.ts';
import { cleanEnvironment } from './lab/environment.ts';
import { abortOnSignals, optionsOrExit } from './lab/invocation.ts';
import { certifyKeys, generateKey, generateKeys, scanHostKeys } from './lab/keys.ts';
import { LargeFiles } from './lab/large-files.ts';
import { OTHER_SERVERS } from './lab/servers.ts';
import { formatSize, parseSize } from './lab/size.ts';
import { makeWorkspace, type Workspace } from './lab/workspace.ts';
import { LOGIN_ROWS, runLogins } from './logins.ts';
import { callRoll, type Roll, runMatrix } from './matrix.ts';
import { NEGOTIATION_ROWS, runNegotiations } from './negotiations.ts';
import { OPERATIONS, type Operation } from './operations.ts';
import type { Check } from './outcome.ts';
import { formatFailures, formatMatrix, formatReasons, formatTotals } from './report.ts';
import { runSecurityChecks, SECURITY } from './security.ts';
import { startTarget, type TargetName } from './target.ts';

/** A large file, its copy on the other side, and room for one more that a failed client leaves. */
const COPIES_OF_LARGE_FILE = 3;
const COPIES_OF_HUGE_FILE = 2;
/** Beyond what 32 bits count. */
const HUGE_BYTES = 5 * 2 ** 30;
/** What the many clients move. */
const REDUCED_BYTES = 64 * 2 ** 20;
const SETUP_TIMEOUT_MS = 60_000;

/** The parts of a run, as the option `--section` names them. */
const SECTIONS = ['operations', 'logins', 'algorithms', SECURITY] as const;

const USAGE = `usage: node test/interop/main.ts [options]
  --client NAME      only this client; may be repeated
  --operation NAME   only this operation; may be repeated
  --section NAME     only this part of the run, of ${SECTIONS.join(', ')}; may be repeated
  --size SIZE        size of the large file, default 1G
  --target NAME      drawbridge (default), or sshd to try the clients themselves`;

interface Part {
  readonly name: (typeof SECTIONS)[number];
  readonly title: string;
  /** In the order of the check where absent. */
  readonly rows?: readonly string[];
  check(): Promise<readonly Check[]>;
}

interface Options {
  readonly clients: readonly Client[];
  readonly operations: readonly Operation[];
  readonly sections: readonly string[];
  readonly sizeBytes: number;
  readonly target: TargetName;
}

function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      client: { type: 'string', multiple: true, default: [] },
      operation: { type: 'string', multiple: true, default: [] },
      section: { type: 'string', multiple: true, default: [] },
      size: { type: 'string', default: '1G' },
      target: { type: 'string', default: 'drawbridge' },
    },
  });
  const { client, operation, section, size, target } = values;
  if (target !== 'drawbridge' && target !== 'sshd') throw new Error(`there is no target '${target}'`);
  const everything = target === 'drawbridge' ? SECTIONS : SECTIONS.slice(0, 1);
  const sections = everything.map((name) => ({ name }));
  return {
    clients: chosen('client', client, CLIENTS),
    operations: chosen('operation', operation, OPERATIONS),
    sections: chosen('section', section, sections).map(({ name }) => name),
    sizeBytes: parseSize(size),
    target,
  };
}

/** Those asked for; all of them where none is. @throws Error naming the one that is not known */
function chosen<T extends { readonly name: string }>(
  kind: string,
  asked: readonly string[],
  known: readonly T[],
): readonly T[] {
  const names = known.map(({ name }) => name);
  const unknown = asked.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new Error(`there is no ${kind} '${unknown}'; known: ${names.join(', ')}`);
  return asked.length === 0 ? known : known.filter(({ name }) => asked.includes(name));
}

async function runAll(options: Options, signal: AbortSignal): Promise<readonly Check[]> {
  const { clients, operations, sections } = options;
  const movesHugeFile = sections.includes('operations') && operations.some(({ scale }) => scale === 'huge');
  await using workspace = await makeWorkspace(
    'interop',
    options.sizeBytes * COPIES_OF_LARGE_FILE + (movesHugeFile ? HUGE_BYTES * COPIES_OF_HUGE_FILE : 0),
  );
  const setup = AbortSignal.any([signal, AbortSignal.timeout(SETUP_TIMEOUT_MS)]);
  const local = path.join(workspace.path, 'local');
  await mkdir(local);
  const keys = await generateKeys(local, setup);
  const authority = await generateKey(path.join(local, 'authority'), 'ed25519', setup);
  await using target = await startTarget(options.target, {
    workspace: workspace.path,
    publicKeys: Object.values(keys).map(({ publicKey }) => publicKey),
    authority: authority.publicKey,
    signal: setup,
  });
  const knownHostsFile = path.join(local, 'known_hosts');
  const servers =
    options.target === 'drawbridge' ? (['main', ...OTHER_SERVERS] as const) : (['main'] as const);
  await scanHostKeys(
    knownHostsFile,
    servers.map((name) => target.account(name)),
    setup,
  );
  console.log(
    `target: ${target.version}; files in ${workspace.inMemory ? 'memory' : 'the temporary folder'}`,
  );

  const environment = cleanEnvironment(local);
  const run: Run = {
    target,
    keys,
    certifiedKeys: await certifyKeys(path.join(local, 'certified'), authority, target.userName, setup),
    knownHostsFile,
    largeFiles: new LargeFiles(local, {
      reduced: Math.min(REDUCED_BYTES, options.sizeBytes),
      large: options.sizeBytes,
      huge: await hugeBytes(workspace, options.sizeBytes),
    }),
    workspace: local,
    environment,
    requiresAllClients: process.env.CI === 'true',
    signal,
    progress: (line) => console.log(`  ${line}`),
  };
  const roll = await callRoll(run, clients);
  section('Clients', formatRoll(roll));

  const parts: readonly Part[] = [
    {
      name: 'operations',
      title: 'Operations (with password and with key, or with key only where a client is put through less)',
      rows: operations.map(({ name }) => name),
      check: () => runMatrix(run, roll, operations),
    },
    { name: 'logins', title: 'Logins', rows: LOGIN_ROWS, check: () => runLogins(run, roll) },
    {
      name: 'algorithms',
      title: 'Algorithms',
      rows: NEGOTIATION_ROWS,
      check: () => runNegotiations(run, roll),
    },
    {
      name: SECURITY,
      title: 'Refusals',
      check: () =>
        runSecurityChecks({ target, knownHostsFile, keys, workspace: workspace.path, environment, signal }),
    },
  ];
  const checks: Check[] = [];
  for (const { name, title, rows, check } of parts.filter(({ name }) => sections.includes(name))) {
    if (signal.aborted) break;
    const found = await check();
    checks.push(...found);
    const isFilled = (name: string) => found.some(({ row, column }) => row === name || column === name);
    const columns = name === SECURITY ? [SECURITY] : clients.map((client) => client.name);
    const allRows = rows ?? found.map(({ row }) => row);
    section(title, formatMatrix(found, allRows.filter(isFilled), columns.filter(isFilled)));
  }
  section('Not applicable', formatReasons(checks, 'not applicable'));
  section('Skipped', formatReasons(checks, 'skipped'));
  section('Failures', formatFailures(checks));
  return checks;
}

/** 5 GiB, or what there is room for. */
async function hugeBytes(workspace: Workspace, largeBytes: number): Promise<number> {
  const room = (await workspace.freeBytes()) - largeBytes * COPIES_OF_LARGE_FILE;
  const bytes = Math.min(HUGE_BYTES, Math.max(0, Math.floor(room / COPIES_OF_HUGE_FILE)));
  if (bytes < HUGE_BYTES) console.log(`there is room for ${formatSize(bytes)} only where 5 GiB should be`);
  return bytes;
}

function formatRoll({ versions, missing }: Roll): string {
  const present = [...versions].map(([name, version]) => `${name} ${version}`);
  const absent = [...missing].map(([name, { message }]) => `${name} is absent: ${message}`);
  return [...present, ...absent].join('\n');
}

function section(title: string, text: string): void {
  if (text !== '') console.log(`\n${title}\n${text}`);
}

const options = optionsOrExit(readOptions, USAGE);
const signal = abortOnSignals();
const checks = await runAll(options, signal);
console.log(`\n${formatTotals(checks)}`);
if (signal.aborted || checks.some(({ outcome }) => outcome.kind === 'failed')) process.exitCode = 1;
