/** `npm run test:interop`: real clients against the server, and what must not work. */

import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { CLIENTS } from './clients/all.ts';
import { hashFile, writeLargeFile } from './lab/content.ts';
import { cleanEnvironment } from './lab/environment.ts';
import { abortOnSignals, optionsOrExit } from './lab/invocation.ts';
import { generateKeys, scanHostKeys } from './lab/keys.ts';
import { parseSize } from './lab/size.ts';
import { makeWorkspace } from './lab/workspace.ts';
import { runMatrix } from './matrix.ts';
import { OPERATIONS } from './operations.ts';
import type { Check } from './outcome.ts';
import { formatFailures, formatMatrix, formatReasons, formatTotals } from './report.ts';
import { runSecurityChecks, SECURITY } from './security.ts';
import { startTarget, type TargetName } from './target.ts';

/** The large file, its copy on the other side, and room for one more that a failed client leaves. */
const COPIES_OF_LARGE_FILE = 3;
const SETUP_TIMEOUT_MS = 60_000;

const USAGE = `usage: node test/interop/main.ts [options]
  --client NAME      only this client; may be repeated; '${SECURITY}' is the section of refusals
  --operation NAME   only this operation; may be repeated
  --size SIZE        size of the large file, default 1G
  --target NAME      drawbridge (default), or sshd to try the clients themselves`;

interface Options {
  readonly clientNames: readonly string[];
  readonly operationNames: readonly string[];
  readonly sizeBytes: number;
  readonly target: TargetName;
}

function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      client: { type: 'string', multiple: true, default: [] },
      operation: { type: 'string', multiple: true, default: [] },
      size: { type: 'string', default: '1G' },
      target: { type: 'string', default: 'drawbridge' },
    },
  });
  const { client, operation, size, target } = values;
  if (target !== 'drawbridge' && target !== 'sshd') throw new Error(`there is no target '${target}'`);
  assertKnown('client', client, [...CLIENTS.map(({ name }) => name), SECURITY]);
  assertKnown(
    'operation',
    operation,
    OPERATIONS.map(({ name }) => name),
  );
  return { clientNames: client, operationNames: operation, sizeBytes: parseSize(size), target };
}

function assertKnown(kind: string, asked: readonly string[], known: readonly string[]): void {
  const unknown = asked.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`there is no ${kind} '${unknown}'; known: ${known.join(', ')}`);
}

async function runAll(options: Options, signal: AbortSignal): Promise<readonly Check[]> {
  const isAsked = (names: readonly string[], name: string) => names.length === 0 || names.includes(name);
  const clients = CLIENTS.filter(({ name }) => isAsked(options.clientNames, name));
  const operations = OPERATIONS.filter(({ name }) => isAsked(options.operationNames, name));
  const withSecurity =
    options.target === 'drawbridge' &&
    isAsked(options.clientNames, SECURITY) &&
    options.operationNames.length === 0;

  await using workspace = await makeWorkspace('interop', options.sizeBytes * COPIES_OF_LARGE_FILE);
  const setup = AbortSignal.any([signal, AbortSignal.timeout(SETUP_TIMEOUT_MS)]);
  const local = path.join(workspace.path, 'local');
  await mkdir(local);
  const keys = await generateKeys(local, setup);
  await using target = await startTarget(options.target, {
    workspace: workspace.path,
    publicKeys: Object.values(keys).map(({ publicKey }) => publicKey),
    signal: setup,
  });
  const knownHostsFile = path.join(local, 'known_hosts');
  await scanHostKeys(knownHostsFile, target, setup);
  const largePath = path.join(local, 'large');
  const needsLargeFile = operations.some(({ isLarge }) => isLarge) && clients.length > 0;
  await writeLargeFile(largePath, needsLargeFile ? options.sizeBytes : 0);
  console.log(
    `target: ${target.version}; files in ${workspace.inMemory ? 'memory' : 'the temporary folder'}`,
  );

  const environment = cleanEnvironment(local);
  const { checks, versions } = await runMatrix({
    target,
    clients,
    operations,
    keys,
    knownHostsFile,
    large: { path: largePath, sha256: await hashFile(largePath), sizeBytes: options.sizeBytes },
    workspace: local,
    environment,
    requiresAllClients: process.env.CI === 'true',
    signal,
    progress: (line) => console.log(`  ${line}`),
  });
  const securityChecks = withSecurity
    ? await runSecurityChecks({
        target,
        knownHostsFile,
        keys,
        workspace: workspace.path,
        environment,
        signal,
      })
    : [];
  const allChecks = [...checks, ...securityChecks];

  section('Clients', [...versions].map(([name, version]) => `${name} ${version}`).join('\n'));
  section(
    'Operations (each with password and with key)',
    clients.length === 0
      ? ''
      : formatMatrix(
          checks,
          operations.map(({ name }) => name),
          clients.map(({ name }) => name),
        ),
  );
  section(
    'Refusals',
    formatMatrix(
      securityChecks,
      securityChecks.map(({ row }) => row),
      securityChecks.length === 0 ? [] : [SECURITY],
    ),
  );
  section('Not applicable', formatReasons(allChecks, 'not applicable'));
  section('Skipped', formatReasons(allChecks, 'skipped'));
  section('Failures', formatFailures(allChecks));
  return allChecks;
}

function section(title: string, text: string): void {
  if (text !== '') console.log(`\n${title}\n${text}`);
}

const options = optionsOrExit(readOptions, USAGE);
const signal = abortOnSignals();
const checks = await runAll(options, signal);
console.log(`\n${formatTotals(checks)}`);
if (signal.aborted || checks.some(({ outcome }) => outcome.kind === 'failed')) process.exitCode = 1;
