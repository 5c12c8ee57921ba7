import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { TOTP } from 'otpauth';
import { OktaSimulator } from './simulators/okta/simulator.ts';
import { ALMOST_RIGHT, leaksIn, OF_TWO_LINES, ProcessWatch, RIGHT, WRONG } from './testing/canary.ts';
import {
  type CanaryServer,
  canaryConfiguration,
  placeOf,
  serverIdOf,
  TOTP_SECRET,
} from './testing/canary-configuration.ts';
import { EchoingUpstream } from './testing/echoing-upstream.ts';
import { INDISCREET_MODULE } from './testing/indiscreet-functions.ts';
import { failuresOf, logEntries } from './testing/log-lines.ts';
import { type Served, serve } from './testing/served.ts';
import { byPassword, byPrompts } from './testing/ssh-login.ts';

const ENTRY = fileURLToPath(new URL('../bin/drawbridge.js', import.meta.url));

const echo = new EchoingUpstream();
const okta = new OktaSimulator({ users: [{ id: '00u1jane', login: 'jane@example.com', password: RIGHT }] });
const watch = new ProcessWatch();
let server: Served;

before(async () => {
  const echoUrl = await echo.listen();
  await okta.start();
  server = await serve({
    functionModule: INDISCREET_MODULE,
    configure: (configuration) => canaryConfiguration(configuration, { oktaUrl: okta.origin, echoUrl }),
  });
});

after(async () => {
  watch.stop();
  await okta.stop();
  await echo[Symbol.asyncDispose]();
});

/** A login as one text: by what, with what, and what comes of it. Everything but `accepted` is a code of the log. */
type Case = readonly [
  server: CanaryServer,
  userName: string,
  typed: string | readonly string[],
  code: string,
];

const code = () => new TOTP({ secret: TOTP_SECRET }).generate();

const cases: readonly Case[] = [
  ['module', 'jane', RIGHT, 'accepted'],
  ['module', 'jane', WRONG, 'NOT_AUTHENTICATED'],
  ['module', 'jane', [RIGHT], 'accepted'],
  ['module', 'joan', OF_TWO_LINES, 'NOT_AUTHENTICATED'],
  ['module', 'throws', RIGHT, 'FUNCTION_THREW'],
  ['module', 'throws', [WRONG], 'FUNCTION_THREW'],
  ['module', 'names', RIGHT, 'FUNCTION_THREW'],
  ['module', 'rejects', WRONG, 'FUNCTION_THREW'],
  ['module', 'calls', RIGHT, 'FUNCTION_THREW'],
  ['module', 'hangs', WRONG, 'FUNCTION_TIMED_OUT'],
  ['module', 'exits', RIGHT, 'FUNCTION_CRASHED'],
  ['module', 'aborts', WRONG, 'FUNCTION_CRASHED'],
  ['module', 'unhandled', OF_TWO_LINES, 'FUNCTION_CRASHED'],
  ['module', 'later', RIGHT, 'NOT_AUTHENTICATED'],
  ['module', 'text', WRONG, 'CONTRACT_VIOLATION'],
  ['module', 'array', RIGHT, 'CONTRACT_VIOLATION'],
  ['module', 'role', OF_TWO_LINES, 'ROLE_INVALID'],
  ['module', 'arn', WRONG, 'ROLE_UNKNOWN'],
  ['module', 'type', RIGHT, 'HOME_TYPE_INVALID'],
  ['module', 'home', WRONG, 'HOME_INVALID'],
  ['module', 'details', RIGHT, 'HOME_DETAILS_INVALID'],
  ['module', 'policy', OF_TWO_LINES, 'POLICY_INVALID'],
  ['module', 'challenge', RIGHT, 'CHALLENGE_INVALID'],
  ['module', 'challenge', [WRONG], 'CHALLENGE_INVALID'],
  ['module', 'nojson', RIGHT, 'ANSWER_NOT_JSON'],
  ['module', 'large', RIGHT, 'ANSWER_TOO_LARGE'],
  ['command', 'jane', RIGHT, 'NOT_AUTHENTICATED'],
  ['command', 'text', WRONG, 'CONTRACT_VIOLATION'],
  ['command', 'throws', RIGHT, 'FUNCTION_THREW'],
  ['command', 'exits', OF_TWO_LINES, 'FUNCTION_CRASHED'],
  ['router', 'jane', RIGHT, 'accepted'],
  ['router', 'jane', [RIGHT], 'accepted'],
  ['router', 'jane', WRONG, 'BAD_CREDENTIALS'],
  ['router', 'nobody', OF_TWO_LINES, 'USER_UNKNOWN'],
  ['router', 'jane@@table', RIGHT, 'accepted'],
  ['router', 'jane@@table', WRONG, 'BAD_CREDENTIALS'],
  ['router', 'broken@@table', RIGHT, 'RECORD_INVALID'],
  ['router', 'jane@@org', RIGHT, 'accepted'],
  ['router', 'jane@@org', [RIGHT], 'accepted'],
  ['router', 'jane@@org', ALMOST_RIGHT, 'BAD_CREDENTIALS'],
  ['router', 'jane@@org', WRONG, 'PASSWORD_UNUSABLE'],
  ['router', 'fails@@odd', RIGHT, 'UPSTREAM_FAILED'],
  ['router', 'page@@odd', ALMOST_RIGHT, 'UPSTREAM_ANSWER_INVALID'],
  ['router', 'redirects@@odd', RIGHT, 'UPSTREAM_FAILED'],
  ['router', 'hangs@@odd', OF_TWO_LINES, 'UPSTREAM_TIMED_OUT'],
  ['router', 'breaks@@odd', RIGHT, 'UPSTREAM_UNREACHABLE'],
  ['router', 'refuses@@odd', RIGHT, 'BAD_CREDENTIALS'],
  ['router', 'answers@@odd', [ALMOST_RIGHT], 'UPSTREAM_ANSWER_INVALID'],
  ['router', 'forbids@@odd', RIGHT, 'UPSTREAM_ANSWER_INVALID'],
  ['router', 'throttles@@odd', RIGHT, 'THROTTLED'],
  ['router', 'fails@@web', WRONG, 'UPSTREAM_FAILED'],
  ['router', 'page@@web', [RIGHT], 'UPSTREAM_ANSWER_INVALID'],
  ['router', 'redirects@@web', WRONG, 'UPSTREAM_FAILED'],
  ['router', 'refuses@@web', RIGHT, 'BAD_CREDENTIALS'],
  ['router', 'stalls@@web', OF_TWO_LINES, 'UPSTREAM_TIMED_OUT'],
  ['router', 'answers@@web', RIGHT, 'UPSTREAM_ANSWER_INVALID'],
  ['router', 'jane@@nowhere', RIGHT, 'PROVIDER_UNKNOWN'],
  ['appended', 'jane', `${RIGHT}${code()}`, 'accepted'],
  ['appended', 'jane', `${RIGHT}000000`, 'BAD_CODE'],
  ['appended', 'joan', `${WRONG}${code()}`, 'BAD_CREDENTIALS'],
  ['prompts', 'jane', [RIGHT, code()], 'accepted'],
  ['prompts', 'joan', [RIGHT, '000000'], 'BAD_CODE'],
  ['prompts', 'june', [WRONG, code()], 'BAD_CREDENTIALS'],
  ['lambda', 'answers', RIGHT, 'ROLE_INVALID'],
  ['lambda', 'throws', WRONG, 'FUNCTION_THREW'],
  ['lambda', 'throws', [OF_TWO_LINES], 'FUNCTION_THREW'],
  ['lambda', 'remembers', [RIGHT, '123456'], 'FUNCTION_THREW'],
  ['lambda', 'fails', RIGHT, 'FUNCTION_UNREACHABLE'],
  ['lambda', 'page', WRONG, 'ANSWER_NOT_JSON'],
  ['lambda', 'redirects', RIGHT, 'FUNCTION_UNREACHABLE'],
  ['lambda', 'hangs', OF_TWO_LINES, 'FUNCTION_TIMED_OUT'],
  ['lambda', 'breaks', RIGHT, 'FUNCTION_UNREACHABLE'],
  ['lambda', 'stalls', RIGHT, 'FUNCTION_TIMED_OUT'],
  ['lambda', 'forbids', WRONG, 'FUNCTION_UNREACHABLE'],
  ['lambda', 'throttles', RIGHT, 'FUNCTION_OVERLOADED'],
  ['gateway', 'fails', RIGHT, 'FUNCTION_THREW'],
  ['gateway', 'fails', [WRONG], 'FUNCTION_THREW'],
  ['gateway', 'page', OF_TWO_LINES, 'ANSWER_NOT_JSON'],
  ['gateway', 'redirects', RIGHT, 'FUNCTION_THREW'],
  ['gateway', 'breaks', WRONG, 'FUNCTION_UNREACHABLE'],
  ['gateway', 'refuses', RIGHT, 'FUNCTION_THREW'],
  ['gateway', 'answers', RIGHT, 'ROLE_INVALID'],
  ['gateway', 'answers', [WRONG], 'ROLE_INVALID'],
];

async function logIn([place, userName, typed]: Case): Promise<string> {
  const client = await server.client({}, placeOf(place));
  try {
    return typeof typed === 'string'
      ? await byPassword(client, userName, typed)
      : await byPrompts(client, userName, typed);
  } finally {
    client.stream.destroy();
  }
}

/** What the log says of the last login of this user at this server. */
function loggedCode([place, userName]: Case): string {
  const ofServer = failuresOf(server.output(), userName).filter(
    ({ 'server-id': id }) => id === serverIdOf(place),
  );
  return ofServer.at(-1)?.code ?? 'nothing is logged';
}

/** One after the other at a server, and the servers side by side. */
async function runAll(): Promise<ReadonlyMap<Case, string>> {
  const results = new Map<Case, string>();
  const byServer = Object.values(Object.groupBy(cases, ([place]) => place));
  await Promise.all(
    byServer.map(async (ofServer) => {
      for (const each of ofServer) {
        const outcome = await logIn(each);
        results.set(each, outcome === 'refused' ? loggedCode(each) : outcome);
      }
    }),
  );
  return results;
}

test('canary - each way to ask a provider lets the right in and refuses the others with its code', async () => {
  const results = await runAll();
  const told = ([place, userName, typed]: Case) =>
    `${place} ${userName} by ${typeof typed === 'string' ? 'password' : 'prompts'}`;
  assert.deepEqual(
    cases.map((each) => `${told(each)}: ${results.get(each)}`),
    cases.map((each) => `${told(each)}: ${each[3]}`),
  );
  assert.deepEqual(okta.violations, []);
});

test('canary - what functions print is shown, so that what was taken out of it was there', () => {
  const printed = logEntries(server.output()).filter(({ msg }) => msg === 'a function printed');
  assert.ok(printed.filter(({ line }) => String(line).includes('[password]')).length > 100);
});

/** Runs a command of the product with the password on standard input; all that it prints. */
async function run(args: readonly string[], input: string): Promise<string> {
  const config = ['--config', join(server.folder, 'drawbridge.yaml')];
  const child = spawn(process.execPath, [ENTRY, ...args, ...config]);
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => (printed += String(part)));
  child.stdin.end(input);
  await once(child, 'close');
  return printed;
}

const explanations: readonly (readonly [CanaryServer, userName: string, input: string, expected: RegExp])[] =
  [
    ['module', 'throws', RIGHT, /FUNCTION_THREW/],
    ['command', 'exits', RIGHT, /FUNCTION_CRASHED/],
    ['router', 'jane', WRONG, /BAD_CREDENTIALS/],
    ['router', 'fails@@odd', RIGHT, /UPSTREAM_FAILED/],
    ['prompts', 'jean', `${RIGHT}\n000000\n`, /BAD_CODE/],
    ['lambda', 'remembers', `${RIGHT}\n123456\n`, /FUNCTION_THREW/],
    ['gateway', 'fails', WRONG, /Internal server error/],
  ];
for (const [place, userName, input, expected] of explanations) {
  test(`canary - test-identity-provider explains ${userName} at ${place} without the password`, async () => {
    const options = ['--server-id', serverIdOf(place), '--user-name', userName, '--explain'];
    const hasPrompts = input.endsWith('\n');
    const how = hasPrompts ? ['--user-password-stdin', '--answers-stdin'] : ['--user-password-stdin'];
    const printed = await run(['test-identity-provider', ...options, ...how], input);
    assert.match(printed, expected);
    assert.deepEqual(leaksIn(printed), []);
  });
}

test('canary - why explains without the password', async () => {
  for (const [place, userName, password, expected] of [
    ['router', 'jane', RIGHT, /ALLOWED/],
    ['module', 'throws', WRONG, /\[password\]/],
    ['lambda', 'answers', RIGHT, /\[password\]/],
  ] as const) {
    const options = ['--server', serverIdOf(place), '--password-stdin'];
    const printed = await run(['why', userName, 'get', '/bucket/jane/a.txt', ...options], password);
    assert.match(printed, expected);
    assert.deepEqual(leaksIn(printed), []);
  }
});

test('canary - arguments and environments of all processes were seen, and it is in none', () => {
  watch.stop();
  const commands = [...watch.commands].join('\n');
  for (const program of ['function-host', 'built-in-host', 'runtime.mjs', 'test-identity-provider', ' why '])
    assert.ok(commands.includes(program), `${program} was seen`);
  assert.deepEqual(watch.leaks, []);
});

test('canary - it is in no file of the server, and in nothing that it printed to its end', async () => {
  const files = await readdir(join(server.folder, 'data'), { recursive: true, withFileTypes: true });
  const paths = files.filter((each) => each.isFile()).map((each) => join(each.parentPath, each.name));
  assert.ok(paths.length > 0);
  for (const path of [...paths, join(server.folder, 'ready.json')])
    assert.deepEqual(leaksIn(await readFile(path, 'latin1')), [], path);
  assert.equal(await server.stop(), 0);
  assert.deepEqual(leaksIn(server.output()), []);
});
