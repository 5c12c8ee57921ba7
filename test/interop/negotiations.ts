/** The section of algorithms: what a client and a server agree on, as the server's log has it. */

import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { attempt, type Run } from './attempt.ts';
import type { Client } from './client.ts';
import type { ServerName } from './lab/servers.ts';
import type { Algorithms } from './lab/ssh-config.ts';
import { judgeWithin, type Roll } from './matrix.ts';
import { LOG_IN } from './operations.ts';
import type { Check } from './outcome.ts';

/** A log line may be written after the client has its answer. */
const LOG_TIMEOUT_MS = 3_000;
const LOG_POLL_MS = 50;

interface Negotiation {
  readonly server: ServerName;
  /** What the client is told to insist on; its own choice when absent. */
  readonly asks?: Algorithms;
  /** What must come of it; what was asked for when absent. */
  readonly gives?: Omit<Algorithms, 'mac'>;
  readonly clients: readonly string[];
}

const OPENSSH = ['sftp', 'new sftp'];

/** By row. The MAC is not in the log: where it is the only one that the client offers, a login proves it. */
const NEGOTIATIONS: Readonly<Record<string, Negotiation>> = {
  'main: mlkem768x25519 by itself': {
    server: 'main',
    gives: { kex: 'mlkem768x25519-sha256' },
    clients: ['new sftp', 'asyncssh', 'pkg-sftp', 'jsch', 'mina'],
  },
  'main: AES-GCM by itself': {
    server: 'main',
    gives: { cipher: 'aes128-gcm@openssh.com' },
    clients: ['new sftp'],
  },
  '2025-03: mlkem768nistp256': {
    server: 'policy 2025-03',
    asks: { kex: 'mlkem768nistp256-sha256' },
    clients: ['jsch', 'mina'],
  },
  '2025-03: mlkem1024nistp384': {
    server: 'policy 2025-03',
    asks: { kex: 'mlkem1024nistp384-sha384' },
    clients: ['jsch', 'mina'],
  },
  '2024-01: DH group 16': {
    server: 'policy 2024-01',
    asks: { kex: 'diffie-hellman-group16-sha512' },
    clients: [...OPENSSH, 'jsch', 'sshj', 'pkg-sftp'],
  },
  '2024-01: DH group 18': {
    server: 'policy 2024-01',
    asks: { kex: 'diffie-hellman-group18-sha512' },
    clients: OPENSSH,
  },
  '2024-01: DH group exchange': {
    server: 'policy 2024-01',
    asks: { kex: 'diffie-hellman-group-exchange-sha256' },
    clients: [...OPENSSH, 'paramiko', 'mina'],
  },
  '2024-01: ECDH P-521': {
    server: 'policy 2024-01',
    asks: { kex: 'ecdh-sha2-nistp521' },
    clients: [...OPENSSH, 'asyncssh', 'sshj'],
  },
  '2018-11: DH group 14, SHA-1': {
    server: 'policy 2018-11',
    asks: { kex: 'diffie-hellman-group14-sha1' },
    clients: OPENSSH,
  },
  '2018-11: chacha20-poly1305': {
    server: 'policy 2018-11',
    asks: { cipher: 'chacha20-poly1305@openssh.com' },
    clients: OPENSSH,
  },
  '2018-11: umac-64': {
    server: 'policy 2018-11',
    asks: { cipher: 'aes128-ctr', mac: 'umac-64@openssh.com' },
    clients: OPENSSH,
  },
  '2018-11: umac-64-etm': {
    server: 'policy 2018-11',
    asks: { cipher: 'aes256-ctr', mac: 'umac-64-etm@openssh.com' },
    clients: OPENSSH,
  },
  '2018-11: umac-128': {
    server: 'policy 2018-11',
    asks: { cipher: 'aes192-ctr', mac: 'umac-128@openssh.com' },
    clients: OPENSSH,
  },
  '2018-11: umac-128-etm': {
    server: 'policy 2018-11',
    asks: { cipher: 'aes256-ctr', mac: 'umac-128-etm@openssh.com' },
    clients: OPENSSH,
  },
  '2018-11: hmac-sha1': {
    server: 'policy 2018-11',
    asks: { cipher: 'aes128-ctr', mac: 'hmac-sha1' },
    clients: OPENSSH,
  },
};

const HOST_KEY_ROW = 'main: announced host keys are learnt';

export const NEGOTIATION_ROWS: readonly string[] = [...Object.keys(NEGOTIATIONS), HOST_KEY_ROW];

/** What the log says of a session that began. */
const ConnectedLine = z.object({
  'activity-type': z.literal('CONNECTED'),
  kex: z.string(),
  ciphers: z.string(),
});

export async function runNegotiations(run: Run, { present }: Roll): Promise<readonly Check[]> {
  const checks: Check[] = [];
  for (const [row, negotiation] of Object.entries(NEGOTIATIONS)) {
    for (const client of present.filter(({ name }) => negotiation.clients.includes(name))) {
      const { server, asks = {}, gives = asks } = negotiation;
      const outcome = await judgeWithin(run, async () => {
        const logStart = (await run.target.readLog()).length;
        await attempt(run, { client, credential: 'key', server, operation: LOG_IN, algorithms: asks });
        const { kex, ciphers } = await sessionAfter(run, logStart);
        if (gives.kex !== undefined) assert.equal(kex, gives.kex);
        if (gives.cipher !== undefined) assert.equal(ciphers, `${gives.cipher},${gives.cipher}`);
      });
      checks.push({ column: client.name, row, variant: server, outcome });
    }
  }
  for (const client of present.filter(({ name }) => OPENSSH.includes(name))) {
    const outcome = await judgeWithin(run, () => assertHostKeysLearnt(run, client));
    checks.push({ column: client.name, row: HOST_KEY_ROW, variant: 'main', outcome });
  }
  return checks;
}

/** A client that knows one key of the server knows all of them after a session (hostkeys-00@openssh.com). */
async function assertHostKeysLearnt(run: Run, client: Client): Promise<void> {
  const { host, port } = run.target.account('main');
  const known = (await readFile(run.knownHostsFile, 'utf8')).split('\n');
  const all = known.filter((line) => line.startsWith(`[${host}]:${port} `));
  const [first] = all;
  assert.ok(first !== undefined && all.length > 1, 'the server has one host key only');
  const knownHostsFile = path.join(run.workspace, 'known_hosts.learning');
  await writeFile(knownHostsFile, `${first}\n`);
  const asked = {
    client,
    credential: 'key',
    server: 'main',
    operation: LOG_IN,
    updatesHostKeys: true,
  } as const;
  await attempt({ ...run, knownHostsFile }, asked);
  const learnt = (await readFile(knownHostsFile, 'utf8')).trim().split('\n');
  const keys = (lines: readonly string[]) => lines.map((line) => line.split(' ')[2]).sort();
  assert.deepEqual(keys(learnt), keys(all));
}

/** The last session that began behind this place of the log. */
async function sessionAfter(run: Run, logStart: number): Promise<z.infer<typeof ConnectedLine>> {
  const deadlineMs = performance.now() + LOG_TIMEOUT_MS;
  for (;;) {
    const lines = (await run.target.readLog()).slice(logStart).split('\n');
    const sessions = lines.flatMap((line) => connectedLine(line) ?? []);
    const last = sessions.at(-1);
    if (last !== undefined) return last;
    if (performance.now() > deadlineMs) throw new Error('the log knows of no session');
    await delay(LOG_POLL_MS);
  }
}

function connectedLine(line: string): z.infer<typeof ConnectedLine> | undefined {
  if (!line.startsWith('{') || !line.endsWith('}')) return undefined;
  return ConnectedLine.safeParse(JSON.parse(line)).data;
}
