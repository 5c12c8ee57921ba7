/**
 * `npm run test:s3`: the S3 storage against servers that we did not write. The contract on every one that is installed,
 * and faults through a proxy in front of versitygw. Exits with 1 when a check fails, or with 2 when no server is there.
 */

import { parseArgs } from 'node:util';
import { abortOnSignals, optionsOrExit } from '../interop/lab/invocation.ts';
import {
  installedS3Servers,
  type S3ServerKind,
  s3ServerVersion,
  startS3Server,
} from '../interop/lab/s3-server.ts';
import { makeWorkspace, type Workspace } from '../interop/lab/workspace.ts';
import { CONTRACT } from './contract.ts';
import { FaultProxy } from './fault-proxy.ts';
import { FAULTS } from './faults.ts';
import { MIB, Subject } from './subject.ts';

const CHECK_TIMEOUT_MS = 120_000;
const NEEDED_BYTES = 1024 * MIB;
/** Patience with a request, so that what hangs is seen to hang soon. */
const FAULT_TIMEOUT_SECONDS = 2;

const USAGE = `usage: node test/s3/main.ts [options]
  --server NAME   only this server: versitygw, moto, minio
  --check TEXT    only checks whose name holds the text`;

type Outcome = 'ok' | 'FAILED';
interface Result {
  readonly server: string;
  readonly check: string;
  readonly outcome: Outcome;
  readonly durationMs: number;
}

const { server, check = '' } = optionsOrExit(
  () =>
    parseArgs({
      options: { server: { type: 'string' }, check: { type: 'string' }, help: { type: 'boolean' } },
    }).values,
  USAGE,
);
const signal = abortOnSignals();
const kinds = (await installedS3Servers()).filter((kind) => server === undefined || kind === server);
if (kinds.length === 0) {
  console.error('there is no S3 server to test against; .ci/install-clients installs them');
  process.exit(2);
}

const results: Result[] = [];
await using workspace = await makeWorkspace('drawbridge-s3', NEEDED_BYTES);
for (const kind of kinds) await runContract(kind, workspace);
const [faulty] = kinds.includes('versitygw') ? (['versitygw'] as const) : kinds;
if (faulty !== undefined) await runFaults(faulty, workspace);
report();

async function runContract(kind: S3ServerKind, { path }: Workspace): Promise<void> {
  const folder = `${path}/${kind}`;
  await using running = await startS3Server({ kind, folder });
  console.log(`\n${await s3ServerVersion(kind, path, signal)}`);
  await using subject = new Subject({ server: running, folder });
  await subject.open();
  for (const [index, { name, only = kind, run }] of CONTRACT.entries())
    if (only === kind) await runCheck(kind, name, () => run(subject, `contract-${index}`));
}

async function runFaults(kind: S3ServerKind, { path }: Workspace): Promise<void> {
  const folder = `${path}/faults`;
  await using running = await startS3Server({ kind, folder });
  console.log(`\n${kind} behind a proxy that fails`);
  await using proxy = await FaultProxy.start(running);
  const options = { server: running, folder, endpoint: proxy.endpoint };
  await using subject = new Subject({ ...options, requestTimeoutSeconds: FAULT_TIMEOUT_SECONDS });
  await subject.open();
  for (const [index, { name, run }] of FAULTS.entries()) {
    await runCheck(`${kind}, faults`, name, () => run(subject, proxy, `faults-${index}`));
    proxy.heal();
  }
}

async function runCheck(serverName: string, name: string, run: () => Promise<void>): Promise<void> {
  if (!name.includes(check) || signal.aborted) return;
  const startMs = performance.now();
  const timeout = Promise.withResolvers<never>();
  const timer = setTimeout(() => timeout.reject(new Error('the check takes too long')), CHECK_TIMEOUT_MS);
  let outcome: Outcome = 'ok';
  try {
    await Promise.race([run(), timeout.promise]);
  } catch (error) {
    outcome = 'FAILED';
    console.log(error);
  } finally {
    clearTimeout(timer);
  }
  const durationMs = performance.now() - startMs;
  console.log(`${outcome.padEnd(6)} ${(durationMs / 1000).toFixed(1).padStart(5)} s  ${name}`);
  results.push({ server: serverName, check: name, outcome, durationMs });
}

/** One row for each server; a server that is not there is said to be. */
function report(): void {
  console.log('\n| server | checks | failed | seconds |\n|---|---|---|---|');
  for (const name of new Set(results.map((result) => result.server))) {
    const own = results.filter((result) => result.server === name);
    const failed = own.filter(({ outcome }) => outcome === 'FAILED').length;
    const seconds = own.reduce((sum, { durationMs }) => sum + durationMs, 0) / 1000;
    console.log(`| ${name} | ${own.length} | ${failed} | ${seconds.toFixed(0)} |`);
  }
  const absent = (['versitygw', 'moto', 'minio'] as const).filter((kind) => !kinds.includes(kind));
  if (absent.length > 0) console.log(`\nnot tested: ${absent.join(', ')}`);
  if (results.some(({ outcome }) => outcome === 'FAILED')) process.exitCode = 1;
}
