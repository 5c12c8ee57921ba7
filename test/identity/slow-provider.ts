/**
 * Many logins while one provider is slow: 200 a second through an Okta that answers at once, and 50 under way through one that
 * takes two seconds. The slow ones must not hold up the others, neither behind another function nor behind the same.
 */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { ROLE, type Served, serve } from '../testing/served.ts';

const LOAD_CLIENT = fileURLToPath(new URL('../../.cache/load-client/load-client', import.meta.url));
const PASSWORD = 'canary-pace-password';
const SLOW_MS = 2000;
const SLOW_OUTSTANDING = 50;
const FAST_PER_SECOND = 200;
const SECONDS = 5;
/** The goal is 100 ms; the client shares two cores with the server here, and CI machines have other work. */
const MAX_P99_MS = 250;
const FAST_FUNCTION = 'arn:aws:lambda:us-east-1:000000000000:function:fast';
const SLOW_FUNCTION = 'arn:aws:lambda:us-east-1:000000000000:function:slow';

const pace = z.object({ medianMs: z.number(), p99Ms: z.number(), maxMs: z.number(), seconds: z.number() });

const primaryAuthentication = z.object({ username: z.string() });

type Report = (name: string, work: () => Promise<void>) => Promise<void>;

export async function check(report: Report): Promise<void> {
  if (!existsSync(LOAD_CLIENT))
    return console.log('absent: the load client, which .ci/install-clients builds where there is Go');
  await using okta = await startOkta();
  const served = await serve({ configure: (base) => configuration(base, okta.origin) });
  try {
    await writeKnownHosts(served);
    await runPace(served, 0, 'warm', FAST_PER_SECOND / 4, SECONDS);
    const alone = await runPace(served, 0, 'fast', FAST_PER_SECOND, SECONDS);
    for (const [where, slowServer] of [
      ['another function', 1],
      ['the same function', 0],
    ] as const) {
      await report(
        `${FAST_PER_SECOND} logins/s beside ${SLOW_OUTSTANDING} slow ones of ${where}`,
        async () => {
          const slow = runPace(served, slowServer, 'slow', SLOW_OUTSTANDING / (SLOW_MS / 1000), SECONDS + 2);
          await delay(SLOW_MS);
          const fast = await runPace(served, 0, 'fast', FAST_PER_SECOND, SECONDS);
          const { medianMs } = await slow;
          console.log(
            `        alone ${show(alone)}; beside slow ones ${show(fast)}; slow median ${medianMs} ms`,
          );
          assert.ok(medianMs > SLOW_MS, 'the slow ones were slow');
          assert.ok(
            okta.mostOutstanding >= SLOW_OUTSTANDING * 0.8,
            `${okta.mostOutstanding} were outstanding`,
          );
          assert.ok(fast.p99Ms < MAX_P99_MS, `99 of 100 within ${fast.p99Ms} ms`);
        },
      );
    }
  } finally {
    await served.stop();
  }
}

function show({ medianMs, p99Ms, maxMs }: z.infer<typeof pace>): string {
  return `median ${medianMs}, p99 ${p99Ms}, max ${maxMs} ms`;
}

/** Accepts everybody; users whose name begins with `slow` after a while. */
async function startOkta() {
  let outstanding = 0;
  let mostOutstanding = 0;
  const server = createServer(async (request, response) => {
    if (request.url !== '/api/v1/authn') return void response.writeHead(404).end('{}');
    const { username } = primaryAuthentication.parse(JSON.parse(await text(request)));
    if (username.startsWith('slow')) {
      mostOutstanding = Math.max(mostOutstanding, ++outstanding);
      await delay(SLOW_MS);
      outstanding -= 1;
    }
    response.setHeader('content-type', 'application/json');
    response.end(
      JSON.stringify({
        status: 'SUCCESS',
        expiresAt: '2099-01-01T00:00:00.000Z',
        sessionToken: 'token',
        _embedded: { user: { id: '00u1', profile: { login: username } } },
      }),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  return {
    origin: `http://127.0.0.1:${address.port}`,
    get mostOutstanding() {
      return mostOutstanding;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function configuration(base: Record<string, unknown>, orgUrl: string): Record<string, unknown> {
  const provider = {
    provider: 'okta',
    options: { orgUrl },
    profiles: {
      static: {
        Role: ROLE,
        HomeDirectoryType: 'LOGICAL',
        HomeDirectoryDetails: [{ Entry: '/', Target: '/bucket/${transfer:UserName}' }],
      },
    },
  };
  const serverOf = (arn: string) => ({
    IdentityProviderType: 'AWS_LAMBDA',
    IdentityProviderDetails: { Function: arn, SftpAuthenticationMethods: 'PASSWORD' },
    listen: { SFTP: '127.0.0.1:0' },
  });
  return {
    ...base,
    functions: { [FAST_FUNCTION]: provider, [SLOW_FUNCTION]: provider },
    servers: [serverOf(FAST_FUNCTION), serverOf(SLOW_FUNCTION)],
    limits: { maxUnauthenticatedConnections: 500, maxUnauthenticatedPerAddress: 500 },
  };
}

/** Begins so many logins a second, whether or not earlier ones have ended. */
async function runPace(
  served: Served,
  serverIndex: number,
  name: string,
  perSecond: number,
  seconds: number,
): Promise<z.infer<typeof pace>> {
  const args = [
    ...['pace', '-address', addressOf(served, serverIndex), '-user', name, '-users', '100'],
    ...[
      '-known-hosts',
      knownHostsOf(served),
      '-rate',
      String(perSecond),
      '-count',
      String(perSecond * seconds),
    ],
  ];
  const child = spawn(LOAD_CLIENT, args, {
    env: { LOAD_CLIENT_PASSWORD: PASSWORD },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  if (output === '') throw new Error(`the logins failed: ${errors.slice(0, 1000)}`);
  return pace.parse(JSON.parse(output));
}

function addressOf({ ready }: Served, index: number): string {
  const listen = ready.servers[index]?.listen.SFTP;
  return `${listen?.host}:${listen?.port}`;
}

function knownHostsOf({ folder }: Served): string {
  return join(folder, 'known_hosts');
}

async function writeKnownHosts(served: Served): Promise<void> {
  const lines = await Promise.all(
    served.ready.servers.map(async ({ listen: { SFTP } }) => {
      const scan = spawn('ssh-keyscan', ['-t', 'ed25519', '-p', String(SFTP.port), SFTP.host]);
      return text(scan.stdout);
    }),
  );
  await writeFile(knownHostsOf(served), lines.join(''));
}
