/** Origin text 001: the passwords of Okta, through API Gateway, for a bucket. */

import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OktaSimulator } from '../../simulators/okta/simulator.ts';
import { ROLE, type Served } from '../../testing/served.ts';
import type { Report } from '../main.ts';
import type { Lab } from './lab.ts';
import { type Gateway, loggedAbout, start, startGateway, testIdentityProvider } from './product.ts';
import { type SftpLogin, sftpDone, sftpRefused } from './sftp.ts';

const FUNCTION = 'arn:aws:lambda:us-east-1:000000000000:function:okta';
const SERVER_ID = 's-00000000000000010';
const USER_NAME = 'jdoe';
const PASSWORD = 'canary-001-password';
const WRONG = 'canary-001-wrong';
const TEXT = 'of origin text 001';

export async function checkOktaS3(report: Report, { folder }: Lab): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const simulator = stack.adopt(new OktaSimulator({ users: [user()] }), (okta) => okta.stop());
  await simulator.start();
  const gateway = stack.use(await startGateway(folder, FUNCTION, oktaAt(simulator.origin)));
  const served = stack.use(await startServer(gateway));
  const login = (password: string): SftpLogin => ({
    served,
    serverId: SERVER_ID,
    userName: USER_NAME,
    by: { password },
  });

  await report('origin 001 - a user of Okta puts a file into the bucket and gets it back', () =>
    transfers(served, folder, login(PASSWORD)),
  );
  await report('origin 001 - a wrong password is refused', async () => {
    await sftpRefused(login(WRONG));
    await loggedAbout(served, USER_NAME, /BAD_CREDENTIALS/);
  });
  await report('origin 001 - TestIdentityProvider of a good login has status 200 and the URL', async () => {
    const test = await ask(served, PASSWORD);
    const Url = `${gateway.url}/servers/${SERVER_ID}/users/${USER_NAME}/config`;
    assert.deepEqual([test.exitCode, test.StatusCode, test.Url], [0, 200, Url]);
    assert.equal(JSON.parse(test.Response).Role, ROLE);
  });
  await report('origin 001 - TestIdentityProvider of a failed login has an empty Message', async () => {
    const { exitCode, StatusCode, Message, Response } = await ask(served, WRONG);
    assert.deepEqual([exitCode, StatusCode, Message, Response], [1, 200, '', '{}']);
  });
  await report('origin 001 - nothing secret is printed, and Okta was asked as it wants to be', async () => {
    assert.doesNotMatch(served.output() + gateway.output(), /canary/);
    assert.deepEqual(simulator.violations, []);
  });
}

async function transfers(served: Served, folder: string, login: SftpLogin): Promise<void> {
  const file = join(folder, 'report.txt');
  await writeFile(file, TEXT);
  await mkdir(join(served.folder, 'bucket', USER_NAME), { recursive: true });
  await sftpDone(login, `put ${file} report.txt`, `get report.txt ${file}.back`);
  assert.equal(await readFile(join(served.folder, 'bucket', USER_NAME, 'report.txt'), 'utf8'), TEXT);
  assert.equal(await readFile(`${file}.back`, 'utf8'), TEXT);
}

function ask(served: Served, password: string) {
  return testIdentityProvider(served, { serverId: SERVER_ID, userName: USER_NAME, password });
}

function startServer({ url, apiKey }: Gateway) {
  const server = {
    ServerId: SERVER_ID,
    Domain: 'S3',
    IdentityProviderType: 'API_GATEWAY',
    IdentityProviderDetails: { Url: url, ApiKey: apiKey },
  };
  return start({ functions: {}, servers: [server] });
}

function user() {
  return { id: '00u1jdoe', login: 'jdoe@example.com', password: PASSWORD };
}

/** The variable of the home is filled in by the server, not by the function. */
function oktaAt(orgUrl: string) {
  return {
    provider: 'okta',
    options: { orgUrl, signInDomain: 'example.com' },
    profiles: { static: { Role: ROLE, HomeDirectory: '/bucket/${transfer:UserName}' } },
  };
}
