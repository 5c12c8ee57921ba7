/** Walks client × way to log in × operation, one at a time. */

import { attempt, type Run } from './attempt.ts';
import { type Client, type CredentialKind, credentialName, MissingClient } from './client.ts';
import type { Operation } from './operations.ts';
import { type Check, judge, type Outcome } from './outcome.ts';

const VERSION_TIMEOUT_MS = 20_000;
const BRIEF_CREDENTIALS = ['key'] as const;

/** Who takes part, and who does not and why. */
export interface Roll {
  readonly present: readonly Client[];
  readonly versions: ReadonlyMap<string, string>;
  readonly missing: ReadonlyMap<string, MissingClient>;
}

export async function callRoll(run: Run, clients: readonly Client[]): Promise<Roll> {
  const versions = new Map<string, string>();
  const missing = new Map<string, MissingClient>();
  for (const client of clients) {
    const version = await clientVersion(run, client);
    if (version instanceof MissingClient) missing.set(client.name, version);
    else versions.set(client.name, version);
  }
  return { present: clients.filter(({ name }) => versions.has(name)), versions, missing };
}

export async function runMatrix(
  run: Run,
  roll: Roll,
  operations: readonly Operation[],
): Promise<readonly Check[]> {
  const checks: Check[] = missingClientChecks(run, roll, operations);
  for (const client of roll.present) {
    for (const kind of client.depth === 'brief' ? BRIEF_CREDENTIALS : run.credentials) {
      if (run.signal.aborted) break;
      const startedMs = performance.now();
      checks.push(...(await runClient(run, client, kind, operations)));
      const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
      const version = roll.versions.get(client.name);
      run.progress(`${client.name} ${version}, ${credentialName(kind, client.keyType)}: ${seconds} s`);
    }
  }
  return checks;
}

/** What came of a check of this run; its secrets are not in what is told. */
export async function judgeWithin(run: Run, check: () => Promise<void>): Promise<Outcome> {
  if (run.signal.aborted) return { kind: 'skipped', detail: 'the run was stopped' };
  return judge(check, [run.target.password, run.target.secondFactor]);
}

async function clientVersion(run: Run, client: Client): Promise<string | MissingClient> {
  const signal = AbortSignal.any([run.signal, AbortSignal.timeout(VERSION_TIMEOUT_MS)]);
  try {
    return await client.version({ environment: run.environment, signal });
  } catch (error) {
    if (error instanceof MissingClient) return error;
    throw error;
  }
}

function missingClientChecks(run: Run, roll: Roll, operations: readonly Operation[]): Check[] {
  const kind = run.requiresAllClients ? 'failed' : 'skipped';
  return [...roll.missing].flatMap(([column, { message }]) =>
    operations.map(({ name }) => ({
      column,
      row: name,
      variant: 'missing',
      outcome: { kind, detail: message },
    })),
  );
}

async function runClient(
  run: Run,
  client: Client,
  credential: CredentialKind,
  operations: readonly Operation[],
): Promise<readonly Check[]> {
  const server = client.server ?? 'main';
  const variant = credentialName(credential, client.keyType);
  const checks: Check[] = [];
  for (const operation of operations) {
    if (run.signal.aborted) break;
    if (operation.scale === 'huge' && (client.depth !== 'deep' || credential !== 'key')) continue;
    const outcome = await judgeWithin(run, () => attempt(run, { client, credential, server, operation }));
    checks.push({ column: client.name, row: operation.name, variant, outcome });
  }
  return checks;
}
