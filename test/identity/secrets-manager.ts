/** The `secrets-manager` provider against moto's Secrets Manager, with the secret of origin text 004. */

import assert from 'node:assert/strict';
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import type { PersonProvider } from '../../src/identity/providers/provider.ts';
import { secretsManagerOptions } from '../../src/identity/providers/secrets-manager/options.ts';
import { createSecretsManagerProvider } from '../../src/identity/providers/secrets-manager/provider.ts';
import { testLogin, testSurroundings } from '../../src/identity/records/testing/login.ts';
import { Secret } from '../../src/identity/secret.ts';
import { startS3Server } from '../interop/lab/s3-server.ts';
import { makeWorkspace } from '../interop/lab/workspace.ts';

const NEEDED_BYTES = 64 * 1024 * 1024;
const PASSWORD = 'mypassword';
const SEED = {
  Password: PASSWORD,
  Role: 'arn:aws:iam::111122223333:role/transfer-demo-secret-role',
  PosixProfile: '{"Uid": 1001, "Gid": 1001}',
  HomeDirectoryDetails: '[{"Entry": "/sakshi", "Target": "/fs-0e70962c7438494a9/sakshi"}]',
};

type Report = (name: string, work: () => Promise<void>) => Promise<void>;

export async function check(report: Report): Promise<void> {
  await using workspace = await makeWorkspace('drawbridge-secrets', NEEDED_BYTES);
  // moto's server answers for every service of AWS that it knows.
  await using moto = await startS3Server({ kind: 'moto', folder: workspace.path });
  const { endpoint, region } = moto;
  const { accessKeyId, secretAccessKey } = moto.credentials;
  const client = new SecretsManagerClient({
    endpoint,
    credentials: { accessKeyId, secretAccessKey },
    region,
  });
  const providerOf = (options: object = {}) =>
    createSecretsManagerProvider(
      secretsManagerOptions.parse({
        endpoint,
        credentials: { accessKeyId, secretAccessKey },
        ...options,
      }),
      testSurroundings({ region }),
    );
  const provider = providerOf();
  await checkLogins(report, client, provider);
  await checkLayouts(report, client, providerOf);
  await provider.close();
  client.destroy();
}

async function checkLogins(
  report: Report,
  client: SecretsManagerClient,
  provider: PersonProvider,
): Promise<void> {
  await report('the secret of origin text 004 lets its user in', async () => {
    await create(client, 'sakshi', { SecretString: JSON.stringify(SEED) });
    const step = await login(provider, 'sakshi', PASSWORD);
    assert.equal(step.outcome, 'verified');
    assert.deepEqual(step.outcome === 'verified' && step.person.record?.session.posixProfile, {
      uid: 1001,
      gid: 1001,
      secondaryGids: [],
    });
    await assert.rejects(login(provider, 'sakshi', 'wrong'), { code: 'BAD_CREDENTIALS' });
  });

  await report('a user without a secret is unknown', async () => {
    await assert.rejects(login(provider, 'nobody', PASSWORD), { code: 'USER_UNKNOWN' });
  });

  await report('a binary secret is read', async () => {
    await create(client, 'binary', { SecretBinary: Buffer.from(JSON.stringify(SEED)) });
    assert.equal((await login(provider, 'binary', PASSWORD)).outcome, 'verified');
  });

  await report('a secret that is marked for deletion lets nobody in', async () => {
    await create(client, 'leaver', { SecretString: JSON.stringify(SEED) });
    await client.send(new DeleteSecretCommand({ SecretId: nameOf('leaver'), RecoveryWindowInDays: 7 }));
    await assert.rejects(login(provider, 'leaver', PASSWORD), { code: 'USER_UNKNOWN' });
  });
}

async function checkLayouts(
  report: Report,
  client: SecretsManagerClient,
  providerOf: (options: object) => PersonProvider,
): Promise<void> {
  await report('an older layout is found after the present one', async () => {
    const SecretString = JSON.stringify(SEED);
    await client.send(new CreateSecretCommand({ Name: 'SFTP/veteran', SecretString }));
    const provider = providerOf({ secretNames: ['aws/transfer/{serverId}/{userName}', 'SFTP/{userName}'] });
    assert.equal((await login(provider, 'veteran', PASSWORD)).outcome, 'verified');
    await provider.close();
  });

  await report('after a change the previous password is taken where that is allowed', async () => {
    await create(client, 'changer', { SecretString: JSON.stringify(SEED) });
    const SecretString = JSON.stringify({ ...SEED, Password: 'changed' });
    await client.send(new PutSecretValueCommand({ SecretId: nameOf('changer'), SecretString }));
    const [strict, lenient] = [providerOf({}), providerOf({ previousPasswordMinutes: 5 })];
    assert.equal((await login(strict, 'changer', 'changed')).outcome, 'verified');
    await assert.rejects(login(strict, 'changer', PASSWORD), { code: 'BAD_CREDENTIALS' });
    assert.equal((await login(lenient, 'changer', PASSWORD)).outcome, 'verified');
    await Promise.all([strict.close(), lenient.close()]);
  });
}

function nameOf(userName: string): string {
  return `aws/transfer/${testLogin().serverId}/${userName}`;
}

async function create(
  client: SecretsManagerClient,
  userName: string,
  value: { readonly SecretString: string } | { readonly SecretBinary: Uint8Array },
): Promise<void> {
  await client.send(new CreateSecretCommand({ Name: nameOf(userName), ...value }));
}

function login(provider: PersonProvider, userName: string, password: string) {
  return provider.password(testLogin({ userName }), new Secret(password));
}
