import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { certificatesOptions } from '../identity/providers/certificates/options.ts';
import { createCertificatesProvider } from '../identity/providers/certificates/provider.ts';
import type { Login } from '../identity/providers/provider.ts';
import { Trace } from '../identity/trace.ts';
import type { Certificate } from '../ssh/index.ts';
import { GRANT, line, setUp, sshKey } from './testing/login-bench.ts';

const [key, authority, stranger] = [1, 2, 3].map(() => sshKey(generateKeyPairSync('ed25519').privateKey));
assert.ok(key !== undefined && authority !== undefined && stranger !== undefined);

const certificate: Certificate = {
  type: 'ssh-ed25519-cert-v01@openssh.com',
  key,
  serial: 42n,
  kind: 1,
  keyId: 'badge 7',
  principals: ['sftp:alice'],
  validAfter: 0n,
  validBefore: 2n ** 64n - 1n,
  options: { isSftpForced: false, isVerificationRequired: false, isTouchOptional: false },
  authority,
  signature: Buffer.alloc(0),
  signedPart: Buffer.alloc(0),
};

const login: Login = {
  userName: 'alice',
  protocol: 'SFTP',
  serverId: 's-0123456789abcdef0',
  sourceIp: '192.0.2.1',
  canPrompt: false,
  signal: new AbortController().signal,
  trace: new Trace(),
};

/** A login whose lines of keys are those of the built-in provider. */
async function started() {
  const options = certificatesOptions.parse({
    authorities: [`${line(authority ?? assert.fail())} our CA`],
    principals: ['sftp:{userName}'],
  });
  const surroundings = { region: 'us-east-1', folder: '/', now: Date.now, warn: () => undefined };
  const person = await createCertificatesProvider(options, surroundings).lookUp(login);
  const PublicKeys = person?.record?.publicKeys.map((record) => record.line);
  return setUp(() => ({ ...GRANT, PublicKeys }));
}

test("certificate - the provider's lines trust its authority, for the name of the user", async () => {
  const { login: connection, attempt } = await started();
  const terms = await connection.acceptsKey({ ...attempt, key, certificate });
  assert.deepEqual(terms !== false && terms.principals, ['sftp:alice']);
});

test("certificate - the provider's lines trust no other authority, and no key by itself", async () => {
  const { login: connection, attempt } = await started();
  const foreign = { ...certificate, authority: stranger };
  assert.equal(await connection.acceptsKey({ ...attempt, key, certificate: foreign }), false);
  assert.equal(await connection.acceptsKey({ ...attempt, key }), false);
  assert.equal(await connection.acceptsKey({ ...attempt, key: authority }), false);
});
