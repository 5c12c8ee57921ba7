import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { Secret } from '../../secret.ts';
import { Trace } from '../../trace.ts';
import type { Login } from '../provider.ts';
import { certificatesOptions } from './options.ts';
import { createCertificatesProvider } from './provider.ts';

const CANARY = 'canary-password-certificates';

function authorityLine(comment = 'our CA'): string {
  const jwk = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' });
  const name = Buffer.from('ssh-ed25519');
  const key = Buffer.from(jwk.x ?? '', 'base64url');
  const lengthOf = (bytes: Buffer) => Buffer.of(0, 0, 0, bytes.length);
  const blob = Buffer.concat([lengthOf(name), name, lengthOf(key), key]);
  return `ssh-ed25519 ${blob.toString('base64')} ${comment}`;
}

function login(userName = 'alice'): Login {
  return {
    userName,
    protocol: 'SFTP',
    serverId: 's-0123456789abcdef0',
    sourceIp: '192.0.2.1',
    canPrompt: false,
    signal: new AbortController().signal,
    trace: new Trace(),
  };
}

function providerOf(options: object) {
  return createCertificatesProvider(certificatesOptions.parse(options), {
    region: 'us-east-1',
    folder: '/',
    now: Date.now,
    warn: () => undefined,
  });
}

async function linesOf(options: object, userName?: string): Promise<readonly string[]> {
  const person = await providerOf(options).lookUp(login(userName));
  return person?.record?.publicKeys.map(({ line }) => line) ?? [];
}

test('certificates - each authority becomes a line that wants the name of the user', async () => {
  const authorities = [authorityLine(), authorityLine('the other CA')];
  assert.deepEqual(
    await linesOf({ authorities }),
    authorities.map((line) => `cert-authority,principals="alice" ${line}`),
  );
});

test('certificates - principals are templates and fixed names', async () => {
  const authority = authorityLine();
  const principals = ['sftp:{userName}', 'partners', 'sftp:{userName}'];
  assert.deepEqual(await linesOf({ authorities: [authority], principals }), [
    `cert-authority,principals="sftp:alice,partners" ${authority}`,
  ]);
});

test('certificates - a name that would end the list of principals is refused', async () => {
  for (const userName of ['a"b', 'a,b', 'a b', '']) {
    await assert.rejects(linesOf({ authorities: [authorityLine()] }, userName), { code: 'NAME_REFUSED' });
  }
});

test('certificates - no password is judged', async () => {
  const provider = providerOf({ authorities: [authorityLine()] });
  await assert.rejects(provider.password(login(), new Secret(CANARY)), (error: Error) => {
    assert.ok('code' in error && error.code === 'PASSWORD_NOT_ACCEPTED');
    assert.ok(!error.message.includes(CANARY));
    return true;
  });
});

test('certificates - what is no authority without options, or no principal, is no configuration', () => {
  const good = authorityLine();
  const base64 = good.split(' ')[1] ?? '';
  for (const authority of [
    '',
    'ssh-ed25519',
    'ssh-ed25519 AAAA',
    `ssh-rsa ${base64}`,
    `cert-authority ${good}`,
    `${good}\nssh-ed25519 ${base64}`,
    `${good} "`,
  ])
    assert.equal(certificatesOptions.safeParse({ authorities: [authority] }).success, false, authority);
  for (const principal of ['', 'a b', 'a,b', 'a"b', 'a\\b', 'a\nb'])
    assert.equal(
      certificatesOptions.safeParse({ authorities: [good], principals: [principal] }).success,
      false,
    );
  assert.equal(certificatesOptions.safeParse({ authorities: [] }).success, false);
});
