/** The `cognito` provider and keys from a bucket against moto, which we did not write: its Cognito, STS and S3. */

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  AdminAddUserToGroupCommand,
  AdminCreateUserCommand,
  AdminDisableUserCommand,
  AdminSetUserPasswordCommand,
  CognitoIdentityProviderClient,
  CreateGroupCommand,
  CreateUserPoolClientCommand,
  CreateUserPoolCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { publicKeySourceOptions } from '../../src/identity/keys/options.ts';
import { createPublicKeySource } from '../../src/identity/keys/source.ts';
import { cognitoOptions } from '../../src/identity/providers/cognito/options.ts';
import { createCognitoProvider } from '../../src/identity/providers/cognito/provider.ts';
import type { Login, PersonProvider } from '../../src/identity/providers/provider.ts';
import { Secret } from '../../src/identity/secret.ts';
import type { Surroundings } from '../../src/identity/surroundings.ts';
import { Trace } from '../../src/identity/trace.ts';
import { type RunningS3Server, startS3Server } from '../interop/lab/s3-server.ts';
import type { Report } from './main.ts';

const PASSWORD = 'canary-Passw0rd!';
const TEMPORARY = 'temporary-Passw0rd!';
const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExample jdoe';
const ROLE = 'arn:aws:iam::123456789012:role/identity-provider';

const surroundings: Surroundings = {
  region: 'us-east-1',
  folder: '/',
  now: Date.now,
  warn: () => undefined,
};

export async function check(report: Report): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'drawbridge-moto-'));
  try {
    await using moto = await startS3Server({ kind: 'moto', folder });
    await checkUserPool(report, moto);
    await checkKeys(report, moto);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function checkUserPool(report: Report, moto: RunningS3Server): Promise<void> {
  const pool = await makePool(moto);
  for (const flow of ['admin-user-password', 'user-password']) {
    for (const hasSecret of [false, true]) {
      const provider = pool.provider({ flow }, hasSecret);
      const name = `cognito on moto, ${flow}, ${hasSecret ? 'with' : 'without'} client secret`;
      await report(`${name}: the right password lets in, a wrong one does not`, () =>
        judgePasswords(provider),
      );
      await report(`${name}: a disabled user is refused`, () => judgeDisabled(provider));
      await report(`${name}: a temporary password is not enough`, () => judgeTemporary(provider));
      await report(`${name}: no second factor is no second factor`, async () => {
        const strict = pool.provider({ flow, mfa: 'appended' }, hasSecret);
        await assert.rejects(password(strict, 'jdoe', `${PASSWORD}123456`), { code: 'MFA_REQUIRED' });
        await strict.close();
      });
      await provider.close();
    }
  }
  await report('cognito on moto: a new password can be set by dialogue', () => setPassword(pool));
  await report('cognito on moto: a key login is looked up, with groups', () => lookUp(pool));
  await report('cognito on moto: credentials of an assumed role do', () => assumeRole(pool, moto));
  pool.admin.destroy();
}

async function judgePasswords(provider: PersonProvider): Promise<void> {
  await provider.check?.(AbortSignal.timeout(20_000));
  const step = await password(provider, 'jdoe', PASSWORD);
  assert.ok(step.outcome === 'verified');
  assert.equal(step.person.userName, 'jdoe');
  assert.deepEqual(step.person.groups, [{ id: 'sftp', name: 'sftp' }]);
  await assert.rejects(password(provider, 'jdoe', 'wrong'), { code: 'BAD_CREDENTIALS' });
  await assert.rejects(password(provider, 'nobody', PASSWORD), { code: 'USER_UNKNOWN' });
}

async function judgeDisabled(provider: PersonProvider): Promise<void> {
  await assert.rejects(password(provider, 'disabled', PASSWORD), { code: 'ACCOUNT_DISABLED' });
  await assert.rejects(provider.lookUp(login('disabled')), { code: 'ACCOUNT_DISABLED' });
}

async function judgeTemporary(provider: PersonProvider): Promise<void> {
  await assert.rejects(password(provider, 'fresh', TEMPORARY), { code: 'PASSWORD_EXPIRED' });
  await assert.rejects(provider.lookUp(login('fresh')), { code: 'PASSWORD_EXPIRED' });
}

async function setPassword(pool: Pool): Promise<void> {
  const provider = pool.provider({ newPassword: 'prompt' }, true);
  const step = await password(provider, 'fresh', TEMPORARY);
  assert.ok(step.outcome === 'asks');
  const chosen = new Secret('Chosen-Passw0rd!');
  const last = await provider.answers?.(login('fresh'), step.saved, [chosen, chosen]);
  assert.equal(last?.outcome, 'verified');
  assert.equal((await password(provider, 'fresh', chosen.reveal())).outcome, 'verified');
  await provider.close();
}

async function lookUp(pool: Pool): Promise<void> {
  const provider = pool.provider({}, false);
  const person = await provider.lookUp(login('jdoe'));
  assert.equal(person?.userName, 'jdoe');
  assert.deepEqual(person?.groups, [{ id: 'sftp', name: 'sftp' }]);
  await assert.rejects(provider.lookUp(login('nobody')), { code: 'USER_UNKNOWN' });
  await provider.close();
}

async function assumeRole(pool: Pool, moto: RunningS3Server): Promise<void> {
  const sts = new STSClient(clientSettings(moto));
  const { Credentials } = await sts.send(
    new AssumeRoleCommand({ RoleArn: ROLE, RoleSessionName: 'identity-provider' }),
  );
  sts.destroy();
  const credentials = {
    accessKeyId: Credentials?.AccessKeyId ?? '',
    secretAccessKey: Credentials?.SecretAccessKey ?? '',
    sessionToken: Credentials?.SessionToken ?? '',
  };
  const provider = pool.provider({ credentials }, false);
  assert.equal((await password(provider, 'jdoe', PASSWORD)).outcome, 'verified');
  await provider.close();
}

async function checkKeys(report: Report, moto: RunningS3Server): Promise<void> {
  const client = new S3Client({ ...clientSettings(moto), forcePathStyle: true });
  const put = (Key: string, Body: string) =>
    client.send(new PutObjectCommand({ Bucket: moto.bucket, Key, Body, ContentLength: Body.length }));
  await put('jdoe/', '');
  await put('jdoe/laptop.pub', `# laptop\n${KEY}\n`);
  await put('jdoe/phone.pub', `${KEY} phone\n`);
  await put('jdoe2/laptop.pub', `${KEY} of another\n`);
  await put('keys/jdoe.pub', `${KEY}\n`);
  const { endpoint, bucket, credentials } = moto;
  const common = { bucket, endpoint, credentials, pathStyle: true };
  for (const [place, expected] of [
    [{ prefix: '{userName}/' }, [KEY, `${KEY} phone`]],
    [{ key: 'keys/{userName}.pub' }, [KEY]],
  ] as const) {
    const options = publicKeySourceOptions.parse({ s3: { ...common, ...place } });
    const source = createPublicKeySource(options, surroundings);
    await report(`public keys on moto, ${JSON.stringify(place)}: the user's, and nobody else's`, async () => {
      const find = (name: string) => source.find(name, AbortSignal.timeout(20_000));
      assert.deepEqual(
        (await find('jdoe')).map(({ line }) => line),
        expected,
      );
      assert.deepEqual(await find('nobody'), []);
    });
    await source.close();
  }
  client.destroy();
}

interface Pool {
  readonly admin: CognitoIdentityProviderClient;
  provider(options: object, hasSecret: boolean): PersonProvider;
}

/** Users: jdoe of the group sftp; disabled; fresh, who has a temporary password. */
async function makePool(moto: RunningS3Server): Promise<Pool> {
  const admin = new CognitoIdentityProviderClient(clientSettings(moto));
  const { UserPool } = await admin.send(new CreateUserPoolCommand({ PoolName: 'pool' }));
  const UserPoolId = UserPool?.Id ?? '';
  const makeClient = async (GenerateSecret: boolean) => {
    const ExplicitAuthFlows = ['ALLOW_USER_PASSWORD_AUTH', 'ALLOW_ADMIN_USER_PASSWORD_AUTH'] as const;
    const command = new CreateUserPoolClientCommand({
      UserPoolId,
      ClientName: GenerateSecret ? 'secret' : 'plain',
      GenerateSecret,
      ExplicitAuthFlows: [...ExplicitAuthFlows],
    });
    const { UserPoolClient: made } = await admin.send(command);
    const secret = made?.ClientSecret;
    return { clientId: made?.ClientId ?? '', ...(secret === undefined ? {} : { clientSecret: secret }) };
  };
  const [plain, secret] = [await makeClient(false), await makeClient(true)];
  await admin.send(new CreateGroupCommand({ UserPoolId, GroupName: 'sftp' }));
  for (const Username of ['jdoe', 'disabled', 'fresh']) {
    const user = { UserPoolId, Username };
    await admin.send(
      new AdminCreateUserCommand({ ...user, TemporaryPassword: TEMPORARY, MessageAction: 'SUPPRESS' }),
    );
    if (Username === 'fresh') continue;
    await admin.send(new AdminSetUserPasswordCommand({ ...user, Password: PASSWORD, Permanent: true }));
    await admin.send(new AdminAddUserToGroupCommand({ ...user, GroupName: 'sftp' }));
  }
  await admin.send(new AdminDisableUserCommand({ UserPoolId, Username: 'disabled' }));
  const { endpoint, credentials } = moto;
  return {
    admin,
    provider: (options, hasSecret) => {
      const client = hasSecret ? secret : plain;
      const given = { userPoolId: UserPoolId, ...client, endpoint, credentials, ...options };
      return createCognitoProvider(cognitoOptions.parse(given), surroundings);
    },
  };
}

/** A copy of the credentials: the SDK writes into what it is given. */
function clientSettings({ endpoint, region, credentials }: RunningS3Server) {
  return { endpoint, region, credentials: { ...credentials } };
}

function login(userName: string): Login {
  return {
    userName,
    protocol: 'SFTP',
    serverId: 's-0123456789abcdef0',
    sourceIp: '192.0.2.7',
    canPrompt: true,
    signal: AbortSignal.timeout(20_000),
    trace: new Trace(),
  };
}

function password(provider: PersonProvider, userName: string, typed: string) {
  return provider.password(login(userName), new Secret(typed));
}
