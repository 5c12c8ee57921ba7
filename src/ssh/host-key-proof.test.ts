import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import type { ByteReader } from '../wire/byte-reader.ts';
import { ByteWriter } from '../wire/byte-writer.ts';
import { HostKey } from './host-key.ts';
import { PROVE_REQUEST } from './host-key-proof.ts';
import { Message } from './message.ts';
import { parsePublicKey } from './public-key.ts';
import { signatureAlgorithm, verifySignature } from './signature.ts';
import type { HandshakeOptions } from './testing/client.ts';
import { EVERY_ALGORITHM, logIn, makeHostKeys, type Pair } from './testing/pair.ts';

const second = new HostKey(generateKeyPairSync('ed25519').privateKey);
const hostKeys = [...makeHostKeys(), second];
const blobs = hostKeys.map(({ publicKey }) => publicKey.blob);
const OPENSSH = 'SSH-2.0-OpenSSH_9.2p1 Debian-2';

/** A client that says it is OpenSSH, logged in, and the keys it was told. */
async function announced(handshake: HandshakeOptions = {}): Promise<Pair & { told: readonly Buffer[] }> {
  const pair = await logIn({ hostKeys }, { ident: OPENSSH, ...handshake });
  const { message } = await pair.client.expect(Message.GLOBAL_REQUEST);
  assert.equal(message.ascii(), 'hostkeys-00@openssh.com');
  assert.equal(message.boolean(), false);
  return { ...pair, told: stringsOf(message) };
}

function stringsOf(message: ByteReader): Buffer[] {
  const strings: Buffer[] = [];
  while (message.remaining > 0) strings.push(message.string());
  return strings;
}

function globalRequest(name: string, ...fields: readonly Buffer[]): Buffer {
  const request = new ByteWriter(2048).uint8(Message.GLOBAL_REQUEST).string(name).boolean(true);
  for (const field of fields) request.string(field);
  return request.finish();
}

/** Checks a proof as a client would. @returns the signature's algorithm */
function provenWith(blob: Buffer, signature: Buffer, sessionId: Buffer | undefined): string {
  const name = signature.toString('latin1', 4, 4 + signature.readUInt32BE(0));
  const algorithm = signatureAlgorithm(name);
  const signed = new ByteWriter()
    .string(PROVE_REQUEST)
    .string(sessionId ?? '')
    .string(blob)
    .finish();
  assert.ok(algorithm !== undefined && verifySignature(algorithm, parsePublicKey(blob), signed, signature));
  return name;
}

test('host keys - an OpenSSH client is told all of them right after its login, two of one type as well', async () => {
  const { told } = await announced();
  assert.deepEqual(told, blobs);
});

for (const ident of ['SSH-2.0-TestClient', 'SSH-2.0-PuTTY_Release_0.78', 'SSH-2.0-NotOpenSSH_9.0']) {
  test(`host keys - ${ident} is told nothing: some clients end the connection at it`, async () => {
    const { client } = await logIn({ hostKeys }, { ident });
    client.send(globalRequest('keepalive@openssh.com'));
    await client.expect(Message.REQUEST_FAILURE);
  });
}

test('host keys - of a type that the policy has no algorithm for are neither told nor proven', async () => {
  const proposal = { ...EVERY_ALGORITHM, hostKey: ['ssh-ed25519'] };
  const { client } = await logIn({ hostKeys, proposal }, { ident: OPENSSH });
  const { message } = await client.expect(Message.GLOBAL_REQUEST);
  message.ascii();
  message.boolean();
  assert.deepEqual(stringsOf(message), [blobs[0], blobs[3]]);
  client.send(globalRequest(PROVE_REQUEST, second.publicKey.blob, blobs[1] ?? Buffer.alloc(0)));
  await client.expect(Message.REQUEST_FAILURE);
});

test('host keys - the first of a type signs the key exchange', async () => {
  const { client } = await announced({ hostKey: 'ssh-ed25519' });
  assert.deepEqual(client.hostKeyBlob, blobs[0]);
});

for (const [hostKey, rsaAlgorithm] of [
  ['rsa-sha2-256', 'rsa-sha2-256'],
  ['rsa-sha2-512', 'rsa-sha2-512'],
  ['ssh-rsa', 'ssh-rsa'],
] as const) {
  test(`host keys - after a key exchange with ${hostKey} RSA keys are proven with ${rsaAlgorithm}`, async () => {
    const { client, told } = await announced({ hostKey });
    client.send(globalRequest(PROVE_REQUEST, ...told));
    const { message } = await client.expect(Message.REQUEST_SUCCESS);
    const names = stringsOf(message).map((signature, index) =>
      provenWith(told[index] ?? Buffer.alloc(0), signature, client.sessionId),
    );
    assert.deepEqual(names, ['ssh-ed25519', 'ecdsa-sha2-nistp256', rsaAlgorithm, 'ssh-ed25519']);
  });
}

test('host keys - a client that takes another type too has RSA proven with the best it lists', async () => {
  const { client } = await announced({ otherHostKeys: ['rsa-sha2-256', 'ssh-rsa'] });
  const rsa = blobs[2] ?? Buffer.alloc(0);
  client.send(globalRequest(PROVE_REQUEST, rsa));
  const { message } = await client.expect(Message.REQUEST_SUCCESS);
  assert.equal(provenWith(rsa, message.string(), client.sessionId), 'rsa-sha2-256');
});

test('host keys - a client that showed no RSA with SHA-2 gets no proof of an RSA key: it would be one with SHA-1', async () => {
  const { client } = await announced({ otherHostKeys: ['ssh-rsa'] });
  client.send(globalRequest(PROVE_REQUEST, blobs[2] ?? Buffer.alloc(0)));
  await client.expect(Message.REQUEST_FAILURE);
});

test('host keys - answers keep the order of their requests though RSA signs on another thread', async () => {
  const { client, told } = await announced({ hostKey: 'rsa-sha2-512' });
  client.send(globalRequest('keepalive@openssh.com'));
  client.send(globalRequest(PROVE_REQUEST, ...told));
  for (let count = 0; count < 20; count++) client.send(globalRequest('keepalive@openssh.com'));
  await client.expect(Message.REQUEST_FAILURE);
  await client.expect(Message.REQUEST_SUCCESS);
  for (let count = 0; count < 20; count++) await client.expect(Message.REQUEST_FAILURE);
});

const foreign = new HostKey(generateKeyPairSync('ed25519').privateKey).publicKey.blob;
const first = blobs[0] ?? Buffer.alloc(0);
for (const [what, ...asked] of [
  ['a key that is not ours', foreign],
  ['ours and one that is not', first, foreign],
  ['the same key twice', first, first],
  ['no key at all'],
  ['an empty blob', Buffer.alloc(0)],
] as const) {
  test(`host keys - a request to prove ${what} is refused`, async () => {
    const { client } = await announced();
    client.send(globalRequest(PROVE_REQUEST, ...asked));
    await client.expect(Message.REQUEST_FAILURE);
  });
}

test('host keys - proofs are given twice and no more: each costs signatures', async () => {
  const { client } = await announced();
  const answers: number[] = [];
  for (let count = 0; count < 4; count++) {
    client.send(globalRequest(PROVE_REQUEST, first));
    answers.push((await client.next())?.number ?? 0);
  }
  assert.deepEqual(answers, [81, 81, 82, 82]);
});

test('host keys - a malformed request ends the connection', async () => {
  const { client, closed } = await announced();
  const request = globalRequest(PROVE_REQUEST, first);
  client.send(request.subarray(0, request.length - 1));
  assert.equal((await closed).code, 'MESSAGE_INVALID');
});
