/** Origin text 002, the templates: basic, Cognito, Secrets Manager, Azure AD and OneLogin, with restrictions by address and by protocol. */

import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  AdminCreateUserCommand,
  AdminSetUserPasswordCommand,
  CognitoIdentityProviderClient,
  CreateUserPoolClientCommand,
  CreateUserPoolCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { type StartedEntra, startEntraSimulator } from '../../simulators/entra/main.ts';
import { type StartedOneLogin, startOneLoginSimulator } from '../../simulators/onelogin/main.ts';
import { ROLE, type Served } from '../../testing/served.ts';
import type { Report } from '../main.ts';
import { clientSettings, type Lab, placeOf } from './lab.ts';
import { loggedAbout, type Question, start, testIdentityProvider } from './product.ts';
import { type SftpLogin, sftpDone, sftpRefused } from './sftp.ts';

const BASIC_MODULE = fileURLToPath(new URL('./basic.mjs', import.meta.url));
/** The user of the basic template, as printed. */
const BASIC_PASSWORD = 'MySuperSecretPassword';
const PASSWORD = 'canary-002-Passw0rd!';
const WRONG = 'canary-002-wrong';
const PROTOCOLS = ['SFTP', 'FTPS', 'FTP'] as const;
/** Where the secrets say that users come from, which is not here. */
const OFFICE = { network: '192.0.2.0/24', address: '192.0.2.7' };

const SERVER_IDS = {
  basic: 's-00000000000000024',
  cognito: 's-00000000000000025',
  secrets: 's-00000000000000026',
  'secrets-local': 's-00000000000000027',
  entra: 's-00000000000000028',
  onelogin: 's-00000000000000029',
} as const;
type Template = keyof typeof SERVER_IDS;

const HOME = { Role: ROLE, HomeDirectory: '/bucket/${transfer:UserName}' };

export async function checkTemplates(report: Report, lab: Lab): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const entra = stack.adopt(await startEntraSimulator(), (started) => started.stop());
  const oneLogin = stack.adopt(await startOneLoginSimulator(), (started) => started.stop());
  await storeSecrets(lab);
  const served = stack.use(await startServers(lab, { entra, oneLogin, cognito: await makePool(lab) }));
  const at = (template: Template, userName: string, by: SftpLogin['by']): SftpLogin => ({
    served,
    serverId: SERVER_IDS[template],
    userName,
    by,
  });
  const byKey = { keyFile: lab.key.file };
  const keeps = (login: SftpLogin) => keepsFile(lab, login);

  await report('origin 002, basic - the user of the template gets in by password and by key', async () => {
    await keeps(at('basic', 'myuser', { password: BASIC_PASSWORD }));
    await keeps(at('basic', 'myuser', byKey));
  });
  await report('origin 002, basic - another password and another user are refused', async () => {
    await sftpRefused(at('basic', 'myuser', { password: WRONG }));
    await sftpRefused(at('basic', 'otheruser', { password: BASIC_PASSWORD }));
  });
  await report('origin 002 - the event has the members of the text, and no others', () =>
    keeps(at('basic', 'bobusa', { password: 'mysecretpassword' })),
  );
  await report('origin 002, Cognito - a user of the pool gets in by password', () =>
    keeps(at('cognito', 'jdoe', { password: PASSWORD })),
  );
  await report('origin 002, Cognito - and by a key from the bucket', () =>
    keeps(at('cognito', 'jdoe', byKey)),
  );
  await report('origin 002, Cognito - a wrong password and a user without keys are refused', async () => {
    await sftpRefused(at('cognito', 'jdoe', { password: WRONG }));
    await sftpRefused(at('cognito', 'keyless', byKey));
    await loggedAbout(served, 'jdoe', /BAD_CREDENTIALS/, SERVER_IDS.cognito);
    await loggedAbout(served, 'keyless', /NO_KEYS/, SERVER_IDS.cognito);
  });
  await report(
    'origin 002, Secrets Manager - a secret of aws/transfer/server-id/username lets its user in',
    async () => {
      await keeps(at('secrets', 'carol', { password: passwordOf('SFTP') }));
      await keeps(at('secrets', 'carol', byKey));
    },
  );
  await report('origin 002, Azure AD - a user of the tenant gets in', async () => {
    await keeps(at('entra', 'jdoe', { password: entra.users[0]?.password ?? '' }));
    assert.deepEqual(entra.simulator.violations, []);
  });
  await report(
    'origin 002, Azure AD - a wrong password, a disabled account and a demand for MFA are refused',
    async () => {
      const simulated = { password: entra.users[0]?.password ?? '' };
      await sftpRefused(at('entra', 'jdoe', { password: WRONG }));
      await sftpRefused(at('entra', 'left', simulated));
      await sftpRefused(at('entra', 'mfa', simulated));
      const entraId = SERVER_IDS.entra;
      await loggedAbout(served, 'jdoe', /BAD_CREDENTIALS/, entraId);
      await loggedAbout(served, 'left', /ACCOUNT_DISABLED/, entraId);
      await loggedAbout(served, 'mfa', /MFA_REQUIRED/, entraId);
    },
  );
  await report(
    'origin 002, OneLogin - a user of the account gets in, a wrong password does not',
    async () => {
      await keeps(at('onelogin', 'jdoe', { password: oneLogin.users[0]?.password ?? '' }));
      await sftpRefused(at('onelogin', 'jdoe', { password: WRONG }));
      await loggedAbout(served, 'jdoe', /BAD_CREDENTIALS/, SERVER_IDS.onelogin);
    },
  );
  await report('origin 002 - each protocol takes its own password only', () =>
    separatesProtocols(served, at),
  );
  await report('origin 002 - the address of the client is judged, for one user and for all', () =>
    judgesAddresses(served, at, keeps),
  );
  await report('origin 002, templates - no password is printed', async () => {
    assert.doesNotMatch(served.output(), /canary|MySuperSecret|mysecret/);
  });
}

type At = (template: Template, userName: string, by: SftpLogin['by']) => SftpLogin;

/** A file goes up, is where it belongs, and comes down again. */
async function keepsFile({ folder }: Lab, login: SftpLogin): Promise<void> {
  const { served, userName } = login;
  const file = join(folder, `${userName}.txt`);
  await writeFile(file, userName);
  await mkdir(join(served.folder, 'bucket', userName), { recursive: true });
  await sftpDone(login, `put ${file} kept.txt`, `get kept.txt ${file}.back`);
  assert.equal(await readFile(join(served.folder, 'bucket', userName, 'kept.txt'), 'utf8'), userName);
  assert.equal(await readFile(`${file}.back`, 'utf8'), userName);
}

async function separatesProtocols(served: Served, at: At): Promise<void> {
  await sftpRefused(at('secrets', 'carol', { password: passwordOf('FTP') }));
  const verdicts = await Promise.all(
    (['FTPS', 'FTP'] as const).flatMap((protocol) =>
      [protocol, 'SFTP' as const].map(async (other) => {
        const args = ['--server-protocol', protocol];
        const question = { userName: 'carol', password: passwordOf(other), args };
        const { exitCode } = await asks(served, 'secrets', question);
        return `${protocol} with the password for ${other}: ${exitCode}`;
      }),
    ),
  );
  assert.deepEqual(
    verdicts.filter((verdict) => verdict.endsWith(': 0')),
    ['FTPS with the password for FTPS: 0', 'FTP with the password for FTP: 0'],
  );
}

async function judgesAddresses(served: Served, at: At, keeps: (login: SftpLogin) => Promise<void>) {
  await sftpRefused(at('secrets', 'dave', { password: PASSWORD }));
  await loggedAbout(served, 'dave', /SOURCE_REFUSED/);
  await keeps(at('secrets-local', 'carol', { password: passwordOf('SFTP') }));
  const from = (template: Template, userName: string, password: string, address: string) =>
    asks(served, template, { userName, password, args: ['--source-ip', address, '--explain'] });
  const [office, local, foreign] = await Promise.all([
    from('secrets', 'dave', PASSWORD, OFFICE.address),
    from('secrets-local', 'carol', passwordOf('SFTP'), '2001:db8::7'),
    from('secrets-local', 'carol', passwordOf('SFTP'), OFFICE.address),
  ]);
  assert.deepEqual([office.exitCode, local.exitCode, foreign.exitCode], [0, 0, 1]);
  assert.match(foreign.explained, /SOURCE_REFUSED/);
  for (const { explained } of [office, local, foreign]) assert.doesNotMatch(explained, /canary/);
}

function asks(served: Served, template: Template, question: Omit<Question, 'serverId'>) {
  return testIdentityProvider(served, { serverId: SERVER_IDS[template], ...question });
}

interface Upstreams {
  readonly entra: StartedEntra;
  readonly oneLogin: StartedOneLogin;
  /** Options of the provider. */
  readonly cognito: object;
}

function startServers(lab: Lab, { entra, oneLogin, cognito }: Upstreams) {
  const secrets = { provider: 'secrets-manager', options: placeOf(lab) };
  const { authorityUrl: authority, clientId, clientSecret, origin: graphUrl } = entra;
  const s3 = { bucket: lab.moto.bucket, prefix: '{userName}/', pathStyle: true, ...placeOf(lab) };
  const functions = {
    basic: {
      module: BASIC_MODULE,
      environment: { ROLE, PUBLIC_KEY: lab.key.publicKey, SERVER_ID: SERVER_IDS.basic },
    },
    cognito: { provider: 'cognito', options: cognito, profiles: { publicKeys: { s3 }, static: HOME } },
    secrets,
    'secrets-local': {
      ...secrets,
      rules: { sourceNetworks: ['127.0.0.0/8', '2001:db8::/32'] },
    },
    entra: {
      provider: 'entra',
      options: { authority, clientId, clientSecret, graphUrl, signInDomain: 'contoso.example' },
      profiles: { static: HOME },
    },
    onelogin: {
      provider: 'onelogin',
      options: {
        url: oneLogin.origin,
        subdomain: oneLogin.subdomain,
        clientId: oneLogin.clientId,
        clientSecret: oneLogin.clientSecret,
      },
      profiles: { static: HOME },
    },
  } satisfies Record<Template, object>;
  return start({
    functions: Object.fromEntries(
      Object.entries(functions).map(([name, settings]) => [arnOf(name), settings]),
    ),
    servers: Object.entries(SERVER_IDS).map(([name, ServerId]) => ({
      ServerId,
      IdentityProviderType: 'AWS_LAMBDA',
      IdentityProviderDetails: { Function: arnOf(name) },
    })),
  });
}

function arnOf(name: string): string {
  return `arn:aws:lambda:us-east-1:000000000000:function:${name}`;
}

function passwordOf(protocol: (typeof PROTOCOLS)[number]): string {
  return `canary-002-${protocol}`;
}

/** carol has a password for each protocol, dave may come from one network only. */
async function storeSecrets(lab: Lab): Promise<void> {
  const carol = {
    ...Object.fromEntries(PROTOCOLS.map((protocol) => [`${protocol}Password`, passwordOf(protocol)])),
    ...HOME,
    PublicKey: lab.key.publicKey,
  };
  const dave = { Password: PASSWORD, ...HOME, AcceptedIpNetwork: OFFICE.network };
  const client = new SecretsManagerClient(clientSettings(lab));
  for (const [name, secret] of [
    [`${SERVER_IDS.secrets}/carol`, carol],
    [`${SERVER_IDS['secrets-local']}/carol`, carol],
    [`${SERVER_IDS.secrets}/dave`, dave],
  ] as const) {
    const SecretString = JSON.stringify(secret);
    await client.send(new CreateSecretCommand({ Name: `aws/transfer/${name}`, SecretString }));
  }
  client.destroy();
}

/** jdoe, with a key in the bucket, and keyless. @returns options of the provider */
async function makePool(lab: Lab): Promise<object> {
  const admin = new CognitoIdentityProviderClient(clientSettings(lab));
  const { UserPool } = await admin.send(new CreateUserPoolCommand({ PoolName: 'origin-002' }));
  const UserPoolId = UserPool?.Id ?? '';
  const { UserPoolClient } = await admin.send(
    new CreateUserPoolClientCommand({
      UserPoolId,
      ClientName: 'sftp',
      ExplicitAuthFlows: ['ALLOW_ADMIN_USER_PASSWORD_AUTH'],
    }),
  );
  for (const Username of ['jdoe', 'keyless']) {
    await admin.send(new AdminCreateUserCommand({ UserPoolId, Username, MessageAction: 'SUPPRESS' }));
    await admin.send(
      new AdminSetUserPasswordCommand({ UserPoolId, Username, Password: PASSWORD, Permanent: true }),
    );
  }
  admin.destroy();
  const bucket = new S3Client({ ...clientSettings(lab), forcePathStyle: true });
  await bucket.send(
    new PutObjectCommand({ Bucket: lab.moto.bucket, Key: 'jdoe/laptop.pub', Body: lab.key.publicKey }),
  );
  bucket.destroy();
  return { userPoolId: UserPoolId, clientId: UserPoolClient?.ClientId ?? '', ...placeOf(lab) };
}
