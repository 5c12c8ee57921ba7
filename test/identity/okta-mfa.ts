/** Origin text 003 as a check: its paramiko and PyOTP program against a server with Okta and a code in the password. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { OktaSimulator } from '../simulators/okta/simulator.ts';
import type { SimulatedUser } from '../simulators/okta/users.ts';
import { FUNCTION, ROLE, type Served, serve } from '../testing/served.ts';

const PYTHON = fileURLToPath(new URL('../../.cache/venv/bin/python', import.meta.url));
const SCRIPT = fileURLToPath(new URL('./okta-mfa/upload.py', import.meta.url));
const SCRIPT_TIMEOUT_MS = 30_000;

const USER_NAME = 'jdoe';
const PASSWORD = 'canary-003-password';
const SECRET = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';
const WRONG_SECRET = 'KRUGKIDROVUWG2ZAMJZG653OEBTG66BA';
const FILE_NAME = 'sample.png';
const FILE_TEXT = 'not really a picture';

type Report = (name: string, work: () => Promise<void>) => Promise<void>;

export async function check(report: Report): Promise<void> {
  await report('origin 003 - the program of the text logs in with password and code, and uploads', () =>
    withServer([user()], async (served, simulator) => {
      const { code, output } = await upload(served, { password: PASSWORD, secret: SECRET });
      assert.equal(code, 0, output);
      assert.match(output, /File sample\.png uploaded successfully/);
      const stored = await readFile(join(served.folder, 'bucket', USER_NAME, 'sample_file.png'), 'utf8');
      assert.equal(stored, FILE_TEXT);
      assert.equal(simulator.transcript.count('/api/v1/authn'), 1);
      assert.equal(simulator.transcript.count('/api/v1/authn/factors/uft1/verify'), 1);
    }),
  );
  await report('origin 003 - a code of another device is refused', () =>
    withServer([user()], async (served, simulator) => {
      await refused(served, { password: PASSWORD, secret: WRONG_SECRET });
      assert.equal(simulator.failuresOf('jdoe@example.com'), 1);
    }),
  );
  await report('origin 003 - a wrong password is refused, and no factor is tried', () =>
    withServer([user()], async (served, simulator) => {
      await refused(served, { password: 'canary-003-wrong', secret: SECRET });
      assert.equal(simulator.transcript.count('/api/v1/authn/factors/uft1/verify'), 0);
    }),
  );
  await report('origin 003 - a user whom Okta asks for no code is refused with one', () =>
    withServer([{ ...user(), policy: { mfa: 'never' } }], async (served) => {
      await refused(served, { password: PASSWORD, secret: SECRET });
    }),
  );
}

function user(): SimulatedUser {
  return {
    id: '00u1jdoe',
    login: `${USER_NAME}@example.com`,
    password: PASSWORD,
    policy: { mfa: 'always' },
    factors: [{ id: 'uft1', type: 'token:software:totp', provider: 'GOOGLE', secret: SECRET }],
  };
}

/** The example of the documentation, with the simulator in the place of Okta. Nothing secret is in what the server prints. */
async function withServer(
  users: readonly SimulatedUser[],
  work: (served: Served, simulator: OktaSimulator) => Promise<void>,
): Promise<void> {
  const simulator = new OktaSimulator({ users });
  await simulator.start();
  try {
    const functions = { [FUNCTION]: oktaAt(simulator.origin) };
    const served = await serve({ configure: (configuration) => ({ ...configuration, functions }) });
    try {
      await mkdir(join(served.folder, 'bucket', USER_NAME), { recursive: true });
      await writeFile(join(served.folder, FILE_NAME), FILE_TEXT);
      await work(served, simulator);
      assert.deepEqual(simulator.violations, []);
      assert.doesNotMatch(served.output(), /canary/);
    } finally {
      await served.stop();
    }
  } finally {
    await simulator.stop();
  }
}

function oktaAt(orgUrl: string): object {
  return {
    provider: 'okta',
    options: { orgUrl, signInDomain: 'example.com', mfa: 'appended' },
    profiles: {
      static: {
        Role: ROLE,
        HomeDirectoryType: 'LOGICAL',
        HomeDirectoryDetails: [{ Entry: '/personal', Target: '/bucket/${transfer:UserName}' }],
      },
    },
  };
}

interface Credentials {
  readonly password: string;
  readonly secret: string;
}

async function refused(served: Served, credentials: Credentials): Promise<void> {
  const { code, output } = await upload(served, credentials);
  assert.equal(code, 1, output);
  assert.match(output, /An error occurred creating SFTP client: .*AuthenticationException/);
}

/** `getpass` asks the terminal, or standard input where there is none: `detached` takes the terminal away. */
async function upload(
  served: Served,
  { password, secret }: Credentials,
): Promise<{ readonly code: unknown; readonly output: string }> {
  const { port } = served.ready.servers[0]?.listen.SFTP ?? { port: 0 };
  const child = spawn(PYTHON, [SCRIPT], {
    detached: true,
    timeout: SCRIPT_TIMEOUT_MS,
    env: {
      ...process.env,
      SFTP_HOST: '127.0.0.1',
      SFTP_PORT: String(port),
      MFA_SECRET: secret,
      FILE_NAME,
      FILE_FOLDER: served.folder,
    },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
  child.stdin.end(`${USER_NAME}\n${password}\n`);
  const [code] = await once(child, 'close');
  return { code, output };
}
