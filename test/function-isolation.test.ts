import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { descendantsOf, readProcess } from './testing/canary.ts';
import { EchoingUpstream } from './testing/echoing-upstream.ts';
import { failuresOf } from './testing/log-lines.ts';
import { PASSWORD, ROLE, type Served, serve } from './testing/served.ts';
import { byPassword, type Outcome } from './testing/ssh-login.ts';

const FILE = 0;
const HANGING = 1;
const MODULE = 2;
const PATIENT = 3;
/** Long after anything here has ended, if it is not cut. */
const LIMIT_MS = 8000;

const grant = { Role: ROLE, HomeDirectory: '/bucket/alice' };
const arnOf = (name: string) => `arn:aws:lambda:us-east-1:000000000000:function:${name}`;

const upstream = new EchoingUpstream();
let server: Served;

before(async () => {
  const orgUrl = await upstream.listen();
  server = await serve({ configure: (configuration) => configurationWith(configuration, orgUrl) });
});
after(async () => {
  await server.stop();
  await upstream[Symbol.asyncDispose]();
});

/** Functions by the name in their environment; those that hang wait for an Okta that never answers. */
function configurationWith({ functions, ...rest }: Record<string, unknown>, orgUrl: string): unknown {
  writeFileSync(
    join(dirname(String(rest.data)), 'users.yaml'),
    JSON.stringify({ alice: { ...grant, Password: PASSWORD } }),
  );
  const okta = { provider: 'okta', options: { orgUrl, timeoutSeconds: 30 }, profiles: { static: grant } };
  const [name = ''] = Object.keys(Object(functions));
  const serverOf = (arn: string) => ({
    IdentityProviderType: 'AWS_LAMBDA',
    IdentityProviderDetails: { Function: arn },
    listen: { SFTP: '127.0.0.1:0' },
  });
  return {
    ...rest,
    functions: {
      ...Object(functions),
      [arnOf('file')]: {
        provider: 'file',
        options: { path: 'users.yaml' },
        environment: { MARK: 'of-file' },
      },
      [arnOf('hanging')]: { ...okta, timeoutSeconds: 1, environment: { MARK: 'of-hanging' } },
      [arnOf('patient')]: { ...okta, timeoutSeconds: 60, environment: { MARK: 'of-patient' } },
    },
    servers: [
      serverOf(arnOf('file')),
      serverOf(arnOf('hanging')),
      serverOf(name),
      serverOf(arnOf('patient')),
    ],
  };
}

async function logIn(place: number, userName: string, password = PASSWORD): Promise<Outcome> {
  const client = await server.client({}, place);
  try {
    return await byPassword(client, userName, password);
  } finally {
    client.stream.destroy();
  }
}

/** The process that has this in its environment. */
function processOf(mark: string): number {
  const found = descendantsOf(server.child.pid ?? 0).filter((pid) =>
    readProcess(pid, 'environ').includes(`MARK=${mark}`),
  );
  assert.equal(found.length, 1, mark);
  return found[0] ?? 0;
}

async function acceptedAgain(place: number): Promise<void> {
  const endMs = performance.now() + LIMIT_MS;
  while ((await logIn(place, 'alice')) !== 'accepted') {
    assert.ok(performance.now() < endMs, 'the function answers again');
    await delay(50);
  }
}

test('isolation - a provider that hangs is cut at its deadline, and the log says so', async () => {
  // Its process is up after this one.
  assert.equal(await logIn(HANGING, 'refuses'), 'refused');
  const beganAtMs = performance.now();
  assert.equal(await logIn(HANGING, 'hangs'), 'refused');
  const tookMs = performance.now() - beganAtMs;
  assert.ok(tookMs > 800 && tookMs < 3000, `${tookMs} ms`);
  const [failure] = failuresOf(server.output(), 'hangs');
  assert.match(failure?.code ?? '', /^(?:UPSTREAM|FUNCTION)_TIMED_OUT$/);
});

test('isolation - while one provider hangs with many logins, other functions let people in', async () => {
  let endedCount = 0;
  const clients = await Promise.all(Array.from({ length: 20 }, () => server.client({}, PATIENT)));
  for (const client of clients)
    void byPassword(client, 'hangs', PASSWORD).then(() => {
      endedCount += 1;
    });
  for (const place of [FILE, MODULE, FILE, MODULE]) assert.equal(await logIn(place, 'alice'), 'accepted');
  assert.equal(endedCount, 0, 'those that hang still do');
  for (const client of clients) client.stream.destroy();
});

test('isolation - a provider whose process is killed refuses its open logins, disturbs no other, and answers again', async () => {
  const open = await server.client({}, PATIENT);
  const openLogin = byPassword(open, 'hangs', PASSWORD);
  assert.equal(await logIn(FILE, 'alice'), 'accepted');
  const survivor = processOf('of-patient');
  const killed = processOf('of-file');
  process.kill(killed, 'SIGKILL');
  assert.equal(await logIn(MODULE, 'alice'), 'accepted');
  await acceptedAgain(FILE);
  assert.notEqual(processOf('of-file'), killed);
  assert.equal(processOf('of-patient'), survivor);

  process.kill(survivor, 'SIGKILL');
  assert.equal(await openLogin, 'refused');
  assert.equal(failuresOf(server.output(), 'hangs').at(-1)?.code, 'FUNCTION_CRASHED');
  assert.equal(await logIn(FILE, 'alice'), 'accepted');
  open.stream.destroy();
});

test('isolation - a module whose process ends itself, or is killed, answers the next login', async () => {
  assert.equal(await logIn(MODULE, 'exits'), 'refused');
  assert.equal(await logIn(MODULE, 'alice'), 'accepted');
  for (const pid of descendantsOf(server.child.pid ?? 0))
    if (readProcess(pid, 'cmdline').includes('function-host')) process.kill(pid, 'SIGKILL');
  await acceptedAgain(MODULE);
  assert.equal(await logIn(FILE, 'alice'), 'accepted');
});
