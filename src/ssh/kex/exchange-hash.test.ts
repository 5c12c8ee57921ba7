import assert from 'node:assert/strict';
import { createHash, createPublicKey, verify } from 'node:crypto';
import { test } from 'node:test';
import { ByteReader } from '../../wire/byte-reader.ts';
import { ByteWriter } from '../../wire/byte-writer.ts';
import { KEX_VECTORS, type KexVector } from '../testing/kex-vectors.ts';
import { clientKeys, exchangeHash, serverKeys } from './exchange-hash.ts';
import { KEX_METHODS } from './method.ts';

/** Everything that goes into H, as bytes. */
type Inputs = Readonly<Record<(typeof INPUT_NAMES)[number], Buffer>>;

const INPUT_NAMES = [
  'clientIdent',
  'serverIdent',
  'clientKexInit',
  'serverKexInit',
  'hostKeyBlob',
  'hashFields',
  'secret',
] as const;

const bytes = (base64: string): Buffer => Buffer.from(base64, 'base64');

function inputsOf(vector: KexVector): Inputs {
  return {
    clientIdent: Buffer.from(vector.clientIdent),
    serverIdent: Buffer.from(vector.serverIdent),
    clientKexInit: bytes(vector.clientKexInit),
    serverKexInit: bytes(vector.serverKexInit),
    hostKeyBlob: bytes(vector.hostKeyBlob),
    hashFields: bytes(vector.hashFields),
    secret: new ByteWriter()[vector.encoding](bytes(vector.rawSecret)).finish(),
  };
}

function hashName(vector: KexVector): string {
  const method = KEX_METHODS[vector.method];
  assert.ok(method);
  return method.hash;
}

function hashOf(vector: KexVector, inputs: Inputs): Buffer {
  const { hashFields, secret, clientIdent, serverIdent, ...rest } = inputs;
  const idents = {
    clientIdent: clientIdent.toString('latin1'),
    serverIdent: serverIdent.toString('latin1'),
  };
  return exchangeHash(hashName(vector), { ...rest, ...idents }, hashFields, secret);
}

/** What a client does with the host key's signature. */
function isSigned(vector: KexVector, hash: Buffer): boolean {
  const blob = new ByteReader(bytes(vector.hostKeyBlob));
  const signature = new ByteReader(bytes(vector.signature));
  assert.equal(blob.ascii(), 'ssh-ed25519');
  assert.equal(signature.ascii(), 'ssh-ed25519');
  const key = createPublicKey({
    key: blob.string(),
    format: 'raw-public',
    asymmetricKeyType: 'ed25519',
  });
  return verify(null, hash, key, signature.string());
}

for (const vector of KEX_VECTORS) {
  const name = `${vector.method}, K as ${vector.title}`;

  test(`T-5 exchange hash - ${name}: as on record, and signed`, () => {
    const hash = hashOf(vector, inputsOf(vector));
    assert.equal(hash.toString('base64'), vector.exchangeHash);
    assert.ok(isSigned(vector, hash));
  });

  test(`T-4 exchange hash - ${name}: no longer signed when any byte is changed`, () => {
    const inputs = inputsOf(vector);
    for (const input of INPUT_NAMES) {
      for (let at = 0; at < inputs[input].length; at++) {
        const changed = Buffer.from(inputs[input]);
        changed[at] = (changed[at] ?? 0) ^ 1;
        const hash = hashOf(vector, { ...inputs, [input]: changed });
        assert.ok(!isSigned(vector, hash), `${input}, byte ${at}`);
      }
    }
  });

  test(`T-5 keys - ${name}: all six as on record, longer than one hash`, () => {
    const seed = {
      hash: hashName(vector),
      secret: inputsOf(vector).secret,
      exchangeHash: bytes(vector.exchangeHash),
      sessionId: bytes(vector.sessionId),
    };
    const sizes = { ivBytes: 100, keyBytes: 100, macKeyBytes: 100 };
    const [c2s, s2c] = [clientKeys(seed, sizes), serverKeys(seed, sizes)];
    const keys = [c2s.iv, s2c.iv, c2s.key, s2c.key, c2s.macKey, s2c.macKey];
    assert.equal(createHash('sha256').update(Buffer.concat(keys)).digest('base64'), vector.keys);
  });
}

test('T-5 exchange hash - the records hold K with leading zeros and with its first bit set, in both encodings', () => {
  for (const encoding of ['mpint', 'string'] as const) {
    const firstBytes = KEX_VECTORS.filter((vector) => vector.encoding === encoding).map(
      (vector) => bytes(vector.rawSecret)[0] ?? 0,
    );
    assert.ok(firstBytes.includes(0), `${encoding} with a leading zero`);
    assert.ok(
      firstBytes.some((byte) => byte >= 0x80),
      `${encoding} with its first bit set`,
    );
  }
});
