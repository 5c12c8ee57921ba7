import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  AddCustomAttributesCommand,
  AdminAddUserToGroupCommand,
  AdminCreateUserCommand,
  AdminDisableUserCommand,
  AdminSetUserPasswordCommand,
  AssociateSoftwareTokenCommand,
  CognitoIdentityProviderClient,
  CreateGroupCommand,
  CreateUserPoolClientCommand,
  CreateUserPoolCommand,
  InitiateAuthCommand,
  SetUserMFAPreferenceCommand,
  VerifySoftwareTokenCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import { TOTP, Secret as TotpSecret } from 'otpauth';
import { Secret } from '../../secret.ts';
import { Trace } from '../../trace.ts';
import type { Login, PersonProvider } from '../provider.ts';
import { cognitoOptions } from './options.ts';
import { createCognitoProvider } from './provider.ts';
import { CREDENTIALS, personOf, questionOf } from './testing/bench.ts';
import { LocalCognito } from './testing/local-cognito.ts';

const PASSWORD = 'canary-Passw0rd!';
const FLOWS = ['admin-user-password', 'user-password'] as const;

const login: Login = {
  userName: 'jdoe',
  protocol: 'SFTP',
  serverId: 's-0123456789abcdef0',
  sourceIp: '192.0.2.7',
  canPrompt: true,
  signal: AbortSignal.timeout(60_000),
  trace: new Trace(),
};

/** A pool with the confirmed user jdoe, and an administrator's client of it. */
async function started() {
  const cognito = await LocalCognito.start();
  const admin = new CognitoIdentityProviderClient({
    region: 'eu-west-1',
    endpoint: cognito.endpoint,
    credentials: { ...CREDENTIALS },
  });
  const { UserPool } = await admin.send(
    new CreateUserPoolCommand({ PoolName: 'pool', MfaConfiguration: 'OPTIONAL' }),
  );
  const UserPoolId = UserPool?.Id ?? '';
  const { UserPoolClient } = await admin.send(
    new CreateUserPoolClientCommand({ UserPoolId, ClientName: 'sftp' }),
  );
  const ClientId = UserPoolClient?.ClientId ?? '';
  await admin.send(
    new AddCustomAttributesCommand({
      UserPoolId,
      CustomAttributes: [{ Name: 'sftp_uid', AttributeDataType: 'String' }],
    }),
  );
  const user = { UserPoolId, Username: 'jdoe' };
  await admin.send(
    new AdminCreateUserCommand({
      ...user,
      TemporaryPassword: 'temporary-Passw0rd!',
      MessageAction: 'SUPPRESS',
      UserAttributes: [
        { Name: 'custom:sftp_uid', Value: '2030' },
        { Name: 'phone_number', Value: '+15550100' },
      ],
    }),
  );
  const providers: PersonProvider[] = [];
  return {
    cognito,
    admin,
    user,
    ClientId,
    confirm: () =>
      admin.send(new AdminSetUserPasswordCommand({ ...user, Password: PASSWORD, Permanent: true })),
    provider: (options: object = {}): PersonProvider => {
      const parsed = cognitoOptions.parse({
        userPoolId: UserPoolId,
        clientId: ClientId,
        endpoint: cognito.endpoint,
        issuer: cognito.issuerOf(UserPoolId),
        credentials: CREDENTIALS,
        ...options,
      });
      const provider = createCognitoProvider(parsed, {
        region: 'eu-west-1',
        folder: '/',
        now: Date.now,
        warn: () => undefined,
      });
      providers.push(provider);
      return provider;
    },
    [Symbol.asyncDispose]: async () => {
      for (const provider of providers) await provider.close();
      admin.destroy();
      await cognito[Symbol.asyncDispose]();
    },
  };
}

type Pool = Awaited<ReturnType<typeof started>>;

/** Enrols an authenticator app as a user does. */
async function enrol({ admin, ClientId }: Pool): Promise<TOTP> {
  const { AuthenticationResult } = await admin.send(
    new InitiateAuthCommand({
      AuthFlow: 'USER_PASSWORD_AUTH',
      ClientId,
      AuthParameters: { USERNAME: 'jdoe', PASSWORD },
    }),
  );
  const AccessToken = AuthenticationResult?.AccessToken;
  const { SecretCode = '' } = await admin.send(new AssociateSoftwareTokenCommand({ AccessToken }));
  const totp = new TOTP({ secret: TotpSecret.fromBase32(SecretCode) });
  await admin.send(new VerifySoftwareTokenCommand({ AccessToken, UserCode: totp.generate() }));
  const SoftwareTokenMfaSettings = { Enabled: true, PreferredMfa: true };
  await admin.send(new SetUserMFAPreferenceCommand({ AccessToken, SoftwareTokenMfaSettings }));
  return totp;
}

function wrongCode(totp: TOTP): string {
  const near = [-60_000, -30_000, 0, 30_000, 60_000].map((ms) =>
    totp.generate({ timestamp: Date.now() + ms }),
  );
  return (
    ['000000', '111111', '222222', '333333', '444444', '555555'].find((code) => !near.includes(code)) ?? ''
  );
}

for (const flow of FLOWS) {
  test(`cognito-local - the right password lets in, with groups and attributes: ${flow}`, async () => {
    await using pool = await started();
    await pool.confirm();
    await pool.admin.send(new CreateGroupCommand({ UserPoolId: pool.user.UserPoolId, GroupName: 'sftp' }));
    await pool.admin.send(new AdminAddUserToGroupCommand({ ...pool.user, GroupName: 'sftp' }));
    const provider = pool.provider({ flow });
    const person = personOf(await provider.password(login, new Secret(PASSWORD)));
    assert.equal(person.userName, 'jdoe');
    assert.deepEqual(person.groups, [{ id: 'sftp', name: 'sftp' }]);
    assert.deepEqual(person.attributes.get('custom:sftp_uid'), ['2030']);
    const byKey = await provider.lookUp(login);
    assert.equal(byKey?.subject, person.subject);
    assert.deepEqual(byKey?.groups, person.groups);
    for (const typed of ['wrong', `${PASSWORD} `, PASSWORD.toUpperCase()])
      await assert.rejects(provider.password(login, new Secret(typed)), { code: 'BAD_CREDENTIALS' });
    const nobody = { ...login, userName: 'nobody' };
    await assert.rejects(provider.password(nobody, new Secret(PASSWORD)), { code: 'BAD_CREDENTIALS' });
    await assert.rejects(provider.lookUp(nobody), { code: 'USER_UNKNOWN' });
  });

  test(`cognito-local - the code of an authenticator app is verified: ${flow}`, async () => {
    await using pool = await started();
    await pool.confirm();
    const totp = await enrol(pool);
    const appended = pool.provider({ flow, mfa: 'appended' });
    const typed = new Secret(`${PASSWORD}${totp.generate()}`);
    assert.deepEqual(personOf(await appended.password(login, typed)).proofs, ['password', 'code']);
    const wrong = new Secret(`${PASSWORD}${wrongCode(totp)}`);
    await assert.rejects(appended.password(login, wrong), { code: 'BAD_CODE' });
    const prompts = pool.provider({ flow, mfa: 'prompts' });
    const { saved } = questionOf(await prompts.password(login, new Secret(PASSWORD)));
    const answers = async (code: string) => await prompts.answers?.(login, saved, [new Secret(code)]);
    await assert.rejects(answers(wrongCode(totp)), { code: 'BAD_CODE' });
    assert.equal((await answers(totp.generate()))?.outcome, 'verified');
    const none = pool.provider({ flow });
    await assert.rejects(none.password(login, new Secret(PASSWORD)), { code: 'MFA_REQUIRED' });
  });

  test(`cognito-local - a user without a second factor is refused where one is required: ${flow}`, async () => {
    await using pool = await started();
    await pool.confirm();
    const typed = new Secret(`${PASSWORD}123456`);
    const provider = pool.provider({ flow, mfa: 'appended' });
    await assert.rejects(provider.password(login, typed), { code: 'MFA_REQUIRED' });
  });

  test(`cognito-local - a temporary password is good for a new one only, and only if it is right: ${flow}`, async () => {
    await using pool = await started();
    const temporary = new Secret('temporary-Passw0rd!');
    const refusing = pool.provider({ flow });
    await assert.rejects(refusing.password(login, temporary), { code: 'PASSWORD_EXPIRED' });
    await assert.rejects(refusing.password(login, new Secret('wrong')), { code: 'BAD_CREDENTIALS' });
    await assert.rejects(refusing.lookUp(login), { code: 'PASSWORD_EXPIRED' });
    const asking = pool.provider({ flow, newPassword: 'prompt' });
    const { saved } = questionOf(await asking.password(login, temporary));
    const chosen = new Secret('chosen-Passw0rd!');
    const step = await asking.answers?.(login, saved, [chosen, chosen]);
    assert.equal(step?.outcome, 'verified');
    assert.equal((await refusing.password(login, chosen)).outcome, 'verified');
  });

  test(`cognito-local - a disabled user is refused, with a password and with a key: ${flow}`, async () => {
    await using pool = await started();
    await pool.confirm();
    await pool.admin.send(new AdminDisableUserCommand(pool.user));
    const provider = pool.provider({ flow });
    await assert.rejects(provider.password(login, new Secret(PASSWORD)), { code: 'ACCOUNT_DISABLED' });
    await assert.rejects(provider.lookUp(login), { code: 'ACCOUNT_DISABLED' });
  });
}

test('cognito-local - the check finds the pool and its client', async () => {
  await using pool = await started();
  await pool.provider().check?.(AbortSignal.timeout(10_000));
});
