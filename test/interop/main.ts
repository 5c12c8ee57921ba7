/** `npm run test:interop`: real clients against the server, and what must not work. */

import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Run } from './attempt.ts';
import { HOME_ROWS, runHomes } from './homes.ts';
import { cleanEnvironment } from './lab/environment.ts';
import { abortOnSignals, optionsOrExit } from './lab/invocation.ts';
import { certifyKeys, generateKey, generateKeys, scanHostKeys } from './lab/keys.ts';
import { LargeFiles } from './lab/large-files.ts';
import { OTHER_SERVERS } from './lab/servers.ts';
import { formatSize } from './lab/size.ts';
import { makeWorkspace, type Workspace } from './lab/workspace.ts';
import { LOGIN_ROWS, runLogins } from './logins.ts';
import { callRoll, type Roll, runMatrix } from './matrix.ts';
import { NEGOTIATION_ROWS, runNegotiations } from './negotiations.ts';
import { type Plan, readPlans, type SectionName, USAGE } from './options.ts';
import type { Check } from './outcome.ts';
import { RANDOM_ACCESS_ROWS, runRandomAccess } from './random-access.ts';
import { formatFailures, formatMatrix, formatReasons, formatTotals } from './report.ts';
import { runSecurityChecks, SECURITY } from './security.ts';
import { startTarget } from './target.ts';

/** A large file, its copy on the other side, and room for one more that a failed client leaves. */
const COPIES_OF_LARGE_FILE = 3;
const COPIES_OF_HUGE_FILE = 2;
/** Beyond what 32 bits count. */
const HUGE_BYTES = 5 * 2 ** 30;
/** What the many clients move. */
const REDUCED_BYTES = 64 * 2 ** 20;
const SETUP_TIMEOUT_MS = 60_000;

interface Part {
  readonly name: SectionName;
  readonly title: string;
  /** In the order of the check where absent. */
  readonly rows?: readonly string[];
  check(): Promise<readonly Check[]>;
}

async function runPlan(plan: Plan, signal: AbortSignal): Promise<readonly Check[]> {
  const { clients, operations, sections } = plan;
  const movesHugeFile = sections.includes('operations') && operations.some(({ scale }) => scale === 'huge');
  await using workspace = await makeWorkspace(
    'interop',
    plan.sizeBytes * COPIES_OF_LARGE_FILE + (movesHugeFile ? HUGE_BYTES * COPIES_OF_HUGE_FILE : 0),
  );
  const setup = AbortSignal.any([signal, AbortSignal.timeout(SETUP_TIMEOUT_MS)]);
  const local = path.join(workspace.path, 'local');
  await mkdir(local);
  const keys = await generateKeys(local, setup);
  const authority = await generateKey(path.join(local, 'authority'), 'ed25519', setup);
  await using target = await startTarget(plan.target, {
    workspace: workspace.path,
    publicKeys: Object.values(keys).map(({ publicKey }) => publicKey),
    authority: authority.publicKey,
    signal: setup,
  });
  const knownHostsFile = path.join(local, 'known_hosts');
  const servers = plan.target === 'sshd' ? (['main'] as const) : (['main', ...OTHER_SERVERS] as const);
  await scanHostKeys(
    knownHostsFile,
    servers.map((name) => target.account(name)),
    setup,
  );
  console.log(
    `\ntarget: ${target.version}; files in ${workspace.inMemory ? 'memory' : 'the temporary folder'}`,
  );

  const environment = cleanEnvironment(local);
  const run: Run = {
    target,
    credentials: plan.credentials === 'all' ? target.credentials : ['key'],
    keys,
    certifiedKeys: await certifyKeys(path.join(local, 'certified'), authority, target.userName, setup),
    knownHostsFile,
    largeFiles: new LargeFiles(local, {
      reduced: Math.min(REDUCED_BYTES, plan.sizeBytes),
      large: plan.sizeBytes,
      huge: movesHugeFile ? await hugeBytes(workspace, plan.sizeBytes) : 0,
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
    { name: 'homes', title: 'Homes', rows: HOME_ROWS, check: () => runHomes(run, roll) },
    {
      name: 'random access',
      title: 'Random access and resumed transfers (EFS domain)',
      rows: RANDOM_ACCESS_ROWS,
      check: () => runRandomAccess(run, roll),
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

const plans = optionsOrExit(readPlans, USAGE);
const signal = abortOnSignals();
const checks: Check[] = [];
for (const plan of plans) if (!signal.aborted) checks.push(...(await runPlan(plan, signal)));
console.log(`\n${formatTotals(checks)}`);
if (signal.aborted || checks.some(({ outcome }) => outcome.kind === 'failed')) process.exitCode = 1;
