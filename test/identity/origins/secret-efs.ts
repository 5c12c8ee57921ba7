/** Origin text 004: a user of AWS Secrets Manager on a file system. */

import assert from 'node:assert/strict';
import { chown, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Report } from '../main.ts';
import { clientSettings, type Lab, placeOf } from './lab.ts';
import { loggedAbout, start } from './product.ts';
import { type SftpLogin, sftpDone, sftpRefused } from './sftp.ts';

const FUNCTION = 'arn:aws:lambda:us-east-1:000000000000:function:transfer-demo';
const SERVER_ID = 's-00000000000000040';
const FILE_SYSTEM = 'fs-0e70962c7438494a9';
const SECRET_ROLE = 'arn:aws:iam::111122223333:role/transfer-demo-secret-role';
const PASSWORD = 'mypassword';
const WRONG = 'canary-004-wrong';
const UID = 1001;

/** As printed, with the lines for the password and the role that the text describes. The id of the file system lacks its dash. */
const PRINTED = {
  Password: PASSWORD,
  Role: SECRET_ROLE,
  PosixProfile: '{"Uid": 1001, "Gid": 1001}',
  HomeDirectoryDetails: '[{"Entry": "/sakshi", "Target": "/fs0e70962c7438494a9/sakshi"}]',
};
/** As its explanation has it. */
const DETAILS = `[{"Entry": "/sakshi", "Target": "/${FILE_SYSTEM}/sakshi"}]`;

export async function checkSecretEfs(report: Report, lab: Lab): Promise<void> {
  const folder = join(lab.folder, 'efs-004');
  await makeHome(join(folder, 'sakshi'), lab);
  await storeSecrets(lab);
  await using served = await start({
    roles: [SECRET_ROLE],
    functions: { [FUNCTION]: { provider: 'secrets-manager', options: placeOf(lab) } },
    fileSystems: { [FILE_SYSTEM]: { path: folder, identity: lab.isRoot ? 'profile' : 'process' } },
    servers: [
      {
        ServerId: SERVER_ID,
        Domain: 'EFS',
        IdentityProviderType: 'AWS_LAMBDA',
        IdentityProviderDetails: { Function: FUNCTION },
      },
    ],
  });
  const login = (by: SftpLogin['by'], userName = 'sakshi'): SftpLogin => ({
    served,
    serverId: SERVER_ID,
    userName,
    by,
  });
  const owner = lab.isRoot ? UID : process.getuid?.();
  for (const [way, by] of [
    ['password', { password: PASSWORD }],
    ['key', { keyFile: lab.key.file }],
  ] as const) {
    await report(`origin 004 - the user of the secret logs in by ${way} and uploads to /sakshi`, async () => {
      const file = join(lab.folder, `by-${way}.txt`);
      await writeFile(file, way);
      const listing = await sftpDone(login(by), `put ${file} /sakshi/by-${way}.txt`, 'ls -1 /');
      assert.match(listing, /^\/sakshi$/m);
      const stored = join(folder, 'sakshi', `by-${way}.txt`);
      assert.equal(await readFile(stored, 'utf8'), way);
      assert.equal((await stat(stored)).uid, owner);
    });
  }
  await report('origin 004 - a wrong password and a user without a secret are refused', async () => {
    await sftpRefused(login({ password: WRONG }));
    await sftpRefused(login({ password: PASSWORD }, 'nobody'));
    await loggedAbout(served, 'sakshi', /BAD_CREDENTIALS/);
    await loggedAbout(served, 'nobody', /USER_UNKNOWN/);
  });
  await report('origin 004 - a secret without public keys lets no key in', async () => {
    await sftpRefused(login({ keyFile: lab.key.file }, 'nokeys'));
    await loggedAbout(served, 'nokeys', /NO_KEYS/);
  });
  await report('origin 004 - the secret as printed names no file system, and is refused', async () => {
    await sftpRefused(login({ password: PASSWORD }, 'asprinted'));
    await loggedAbout(served, 'asprinted', /STORAGE_UNKNOWN.*fs0e70962c7438494a9/);
  });
  await report('origin 004 - nothing secret is printed', async () => {
    assert.doesNotMatch(served.output(), /canary|mypassword/);
  });
}

async function makeHome(home: string, { isRoot }: Lab): Promise<void> {
  await mkdir(home, { recursive: true });
  if (isRoot) await chown(home, UID, UID);
}

/** `aws/transfer/<server id>/<user name>`, the name that the function of the text reads. */
async function storeSecrets(lab: Lab): Promise<void> {
  const client = new SecretsManagerClient(clientSettings(lab));
  const secrets = {
    sakshi: { ...PRINTED, HomeDirectoryDetails: DETAILS, PublicKey: lab.key.publicKey },
    nokeys: { ...PRINTED, HomeDirectoryDetails: DETAILS },
    asprinted: PRINTED,
  };
  for (const [userName, secret] of Object.entries(secrets)) {
    const Name = `aws/transfer/${SERVER_ID}/${userName}`;
    await client.send(new CreateSecretCommand({ Name, SecretString: JSON.stringify(secret) }));
  }
  client.destroy();
}
