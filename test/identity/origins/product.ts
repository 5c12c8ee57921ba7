/** The product as the checks of the origin texts run it: servers, `test-identity-provider` and `identity serve`. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { runCommand } from '../../interop/lab/command.ts';
import { cleanEnvironment } from '../../interop/lab/environment.ts';
import { ROLE, type Served, serve } from '../../testing/served.ts';

const ENTRY = fileURLToPath(new URL('../../../bin/drawbridge.js', import.meta.url));
const COMMAND_TIMEOUT_MS = 30_000;
const START_TIMEOUT_MS = 30_000;
const POLL_MS = 20;
/** Lines are printed a moment after the client has its answer. */
const LOG_TIMEOUT_MS = 5_000;

type Members = Readonly<Record<string, unknown>>;

export interface Plan {
  readonly functions: Readonly<Record<string, Members>>;
  readonly servers: readonly Members[];
  readonly fileSystems?: Readonly<Record<string, Members>>;
  /** ARNs beside the usual one. */
  readonly roles?: readonly string[];
}

/** Servers on free ports, with the bucket `bucket` and these file systems. Stopped at the end of the scope. */
export async function start(plan: Plan): Promise<Served & AsyncDisposable> {
  const { functions, servers, fileSystems = {}, roles = [] } = plan;
  const served = await serve({
    configure: ({ storage, servers: _, ...configuration }) => ({
      ...configuration,
      storage: { ...(storage instanceof Object ? storage : {}), fileSystems },
      roles: Object.fromEntries([ROLE, ...roles].map((arn) => [arn, {}])),
      functions,
      servers: servers.map((server) => ({ listen: { SFTP: '127.0.0.1:0' }, ...server })),
    }),
  });
  return {
    ...served,
    async [Symbol.asyncDispose]() {
      assert.equal(await served.stop(), 0, served.output());
    },
  };
}

export function portOf({ ready }: Served, serverId: string): number {
  const server = ready.servers.find((each) => each.serverId === serverId);
  if (server === undefined) throw new Error(`there is no server ${serverId}`);
  return server.listen.SFTP.port;
}

/** Waits until a line about the user matches. */
export async function loggedAbout(
  served: Served,
  userName: string,
  what: RegExp,
  serverId = '',
): Promise<void> {
  const isIt = (line: string) => line.includes(`"${userName}"`) && line.includes(serverId) && what.test(line);
  const deadlineMs = performance.now() + LOG_TIMEOUT_MS;
  while (!served.output().split('\n').some(isIt)) {
    const lines = served
      .output()
      .split('\n')
      .filter((line) => line.includes(userName));
    assert.ok(performance.now() < deadlineMs, `${what} is not in\n${lines.join('\n')}`);
    await delay(POLL_MS);
  }
}

/** The four fields of the API's answer, and nothing else. */
const testAnswer = z.strictObject({
  Response: z.string(),
  StatusCode: z.number(),
  Message: z.string(),
  Url: z.string(),
});

export interface Question {
  readonly serverId: string;
  readonly userName: string;
  readonly password?: string;
  /** Further arguments. */
  readonly args?: readonly string[];
}

/** Asks by `drawbridge test-identity-provider`. `explained` is empty without `--explain`. */
export async function testIdentityProvider(
  served: Served,
  { serverId, userName, password, args = [] }: Question,
): Promise<
  z.output<typeof testAnswer> & { readonly exitCode: number | undefined; readonly explained: string }
> {
  const { exitCode, output, errorOutput } = await runCommand({
    program: process.execPath,
    args: [
      ENTRY,
      'test-identity-provider',
      ...[
        '--config',
        join(served.folder, 'drawbridge.yaml'),
        '--server-id',
        serverId,
        '--user-name',
        userName,
      ],
      ...(password === undefined ? [] : ['--user-password-stdin']),
      ...args,
    ],
    environment: cleanEnvironment(served.folder),
    input: password === undefined ? '' : `${password}\n`,
    signal: AbortSignal.timeout(COMMAND_TIMEOUT_MS),
  });
  assert.notEqual(output, '', errorOutput);
  return { ...testAnswer.parse(JSON.parse(output)), exitCode, explained: errorOutput };
}

export interface Gateway extends AsyncDisposable {
  /** For `IdentityProviderDetails.Url`; the path is the stage of an API, as in the texts. */
  readonly url: string;
  readonly apiKey: string;
  output(): string;
}

/** `drawbridge identity serve` in the place of API Gateway and its Lambda function. */
export async function startGateway(folder: string, functionArn: string, settings: Members): Promise<Gateway> {
  const apiKey = 'canary-api-key-of-the-gateway';
  const [config, keys] = [join(folder, 'gateway.yaml'), join(folder, 'gateway.keys')];
  const server = {
    IdentityProviderType: 'AWS_LAMBDA',
    IdentityProviderDetails: { Function: functionArn },
    listen: { SFTP: '127.0.0.1:0' },
  };
  await writeFile(config, JSON.stringify({ functions: { [functionArn]: settings }, servers: [server] }));
  await writeFile(keys, apiKey, { mode: 0o600 });
  const child = spawn(
    process.execPath,
    [ENTRY, 'identity', 'serve', '--config', config, '--listen', '127.0.0.1:0', '--api-key-file', keys],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (text += String(chunk)));
  const exited = once(child, 'exit');
  const deadlineMs = performance.now() + START_TIMEOUT_MS;
  for (;;) {
    const [, origin] = /is served at (http:\S+)/.exec(text) ?? [];
    if (origin !== undefined)
      return {
        url: `${origin}/prod`,
        apiKey,
        output: () => text,
        async [Symbol.asyncDispose]() {
          child.kill('SIGTERM');
          await exited;
        },
      };
    if (child.exitCode !== null || performance.now() > deadlineMs) throw new Error(`no gateway:\n${text}`);
    await delay(POLL_MS);
  }
}
