/** The section of logins: every way to log in that a client knows, on a server that allows that way alone. */

import assert from 'node:assert/strict';
import { type Attempt, attempt, type Run } from './attempt.ts';
import type { Client, CredentialKind } from './client.ts';
import type { ServerName } from './lab/servers.ts';
import { judgeWithin, type Roll } from './matrix.ts';
import { LOG_IN } from './operations.ts';
import type { Check } from './outcome.ts';

interface Way {
  readonly row: string;
  readonly server: ServerName;
  readonly credential: CredentialKind;
}

const WAYS: readonly Way[] = [
  { row: 'password', server: 'password only', credential: 'password' },
  { row: 'key', server: 'key only', credential: 'key' },
  { row: 'key, then password', server: 'key and password', credential: 'key and password' },
  { row: 'two prompts', server: 'prompts', credential: 'prompts' },
  { row: 'certificate', server: 'certificate', credential: 'certificate' },
];

/** What the server must refuse, whoever asks: one client is enough. */
const REFUSED_WAYS: readonly Way[] = [
  { row: 'refused: key where a password is due', server: 'password only', credential: 'key' },
  { row: 'refused: password where a key is due', server: 'key only', credential: 'password' },
  { row: 'refused: key without the password', server: 'key and password', credential: 'key' },
  { row: 'refused: password without the key', server: 'key and password', credential: 'password' },
  { row: 'refused: certificate of a stranger', server: 'key only', credential: 'certificate' },
];
const REFUSED_CLIENT = 'sftp';

export const LOGIN_ROWS: readonly string[] = [...WAYS, ...REFUSED_WAYS].map(({ row }) => row);

/** A client that does not know a way has no cell there. */
export async function runLogins(run: Run, { present }: Roll): Promise<readonly Check[]> {
  const checks: Check[] = [];
  for (const client of present) {
    const startedMs = performance.now();
    for (const { row, server, credential } of WAYS) {
      if (!knows(client, credential)) continue;
      const asked = { client, credential, server, operation: LOG_IN };
      const outcome = await judgeWithin(run, () => attempt(run, asked));
      checks.push({ column: client.name, row, variant: server, outcome });
    }
    if (client.name === REFUSED_CLIENT) checks.push(...(await runRefusals(run, client)));
    run.progress(`${client.name}, logins: ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
  }
  return checks;
}

async function runRefusals(run: Run, client: Client): Promise<readonly Check[]> {
  const checks: Check[] = [];
  for (const { row, server, credential } of REFUSED_WAYS) {
    const asked = { client, credential, server, operation: LOG_IN };
    const outcome = await judgeWithin(run, () => assertRefused(run, asked));
    checks.push({ column: client.name, row, variant: server, outcome });
  }
  return checks;
}

/** The client is told that it may not, and the server's log knows of no session. */
async function assertRefused(run: Run, asked: Attempt): Promise<void> {
  const logStart = (await run.target.readLog()).length;
  await assert.rejects(attempt(run, asked), /Permission denied/);
  const log = (await run.target.readLog()).slice(logStart);
  assert.ok(!log.includes('"CONNECTED"'), 'the server began a session');
}

/** A client with a server of its own cannot agree on algorithms with these. */
function knows(client: Client, credential: CredentialKind): boolean {
  return client.server === undefined && client.credentials.includes(credential);
}
