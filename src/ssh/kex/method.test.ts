import assert from 'node:assert/strict';
import { getDiffieHellman } from 'node:crypto';
import { test } from 'node:test';
import { ByteReader } from '../../wire/byte-reader.ts';
import { ByteWriter } from '../../wire/byte-writer.ts';
import { Message } from '../message.ts';
import { CLIENT_KEX, type ClientKex } from '../testing/client-kex.ts';
import { connect, EVERY_ALGORITHM, logIn, makeHostKeys, sharedResources } from '../testing/pair.ts';
import { KexGate } from './gate.ts';
import { KEX_METHODS, type KexStep } from './method.ts';

const hostKeys = makeHostKeys();
const METHOD_NAMES = Object.keys(KEX_METHODS);

for (const kex of METHOD_NAMES) {
  test(`kex - ${kex} agrees on working keys, first and later`, async () => {
    const { client, agreements } = await logIn({ hostKeys }, { kex });
    assert.equal(agreements[0]?.kex, kex);
    const channel = await client.openSubsystem('echo');
    await client.exchangeKeys({ kex });
    client.sendData(channel, Buffer.from('under new keys'));
    await client.expect(Message.CHANNEL_DATA);
  });
}

function clientHalf(kex: string): ClientKex {
  const half = CLIENT_KEX[kex]?.({});
  assert.ok(half);
  return half;
}

/** A whole run without a connection. @returns K as the server encodes it */
async function agreedSecret(kex: string): Promise<Buffer> {
  const run = KEX_METHODS[kex]?.start({
    gate: new KexGate(),
    signal: new AbortController().signal,
    offered: METHOD_NAMES,
  });
  assert.ok(run);
  const half = clientHalf(kex);
  const step: KexStep = await run.receive(new ByteReader(half.first, 1));
  const reply = await half.finish({
    send: () => assert.fail('these methods have one round'),
    expect: async () => {
      assert.ok(step.kind === 'agreed');
      return new ByteReader(new ByteWriter().string('').bytes(step.publicValue).string('').finish());
    },
  });
  assert.ok(step.kind === 'agreed');
  assert.ok(step.secret.equals(reply.secret), 'both sides encode the same K');
  assert.ok(step.hashFields.equals(reply.hashFields));
  return step.secret;
}

/** Methods by the width of K in bytes. */
const MPINT_METHODS: readonly [string, number][] = [
  ['curve25519-sha256', 32],
  ['ecdh-sha2-nistp256', 32],
  ['diffie-hellman-group14-sha256', 256],
];
for (const [kex, width] of MPINT_METHODS) {
  test(`T-5 kex - ${kex}: K loses leading zeros and gets a sign byte, on both sides`, async () => {
    const lengths = new Set<number>();
    while (!lengths.has(width + 1) || Math.min(...lengths) >= width) {
      const secret = await agreedSecret(kex);
      const digits = new ByteReader(secret).mpint();
      assert.ok(new ByteWriter().mpint(digits).finish().equals(secret), 'the shortest form');
      lengths.add(secret.length - 4);
    }
  });
}

for (const kex of ['mlkem768x25519-sha256', 'mlkem768nistp256-sha256']) {
  test(`T-5 kex - ${kex}: K keeps its width whatever it begins with, on both sides`, async () => {
    const firstBytes = new Set<number>();
    while (!firstBytes.has(0) || Math.max(...firstBytes) < 0x80) {
      const secret = await agreedSecret(kex);
      assert.equal(secret.readUInt32BE(0), 32);
      firstBytes.add(secret[4] ?? 0);
    }
  });
}

/** The public value of a good client. */
function goodValue(kex: string): Buffer {
  return new ByteReader(clientHalf(kex).first, 1).string();
}

/** A good value with its last bytes replaced. */
function endingWith(kex: string, end: Buffer): Buffer {
  const value = goodValue(kex);
  value.set(end, value.length - end.length);
  return value;
}

/** A good value with its last `pointBytes` replaced by the same point in compressed form. */
function compressed(kex: string, pointBytes: number): Buffer {
  const value = goodValue(kex);
  const point = value.subarray(value.length - pointBytes);
  const x = point.subarray(1, (pointBytes + 1) / 2);
  const sign = 2 + ((point.at(-1) ?? 0) & 1);
  return Buffer.concat([value.subarray(0, value.length - pointBytes), Buffer.from([sign]), x]);
}

/** A good value, the point at its end as both x and y behind another first byte. */
function marked(kex: string, pointBytes: number, first: number): Buffer {
  const value = goodValue(kex);
  value[value.length - pointBytes] = first;
  return value;
}

function outOfRange(kex: string, encapsulationKeyBytes: number): Buffer {
  return goodValue(kex).fill(0xff, 0, encapsulationKeyBytes - 32);
}

const POINT_METHODS: readonly [string, number][] = [
  ['ecdh-sha2-nistp256', 65],
  ['ecdh-sha2-nistp384', 97],
  ['ecdh-sha2-nistp521', 133],
  ['mlkem768nistp256-sha256', 65],
  ['mlkem1024nistp384-sha384', 97],
];
const STRING_METHODS = METHOD_NAMES.filter((name) => !name.startsWith('diffie-hellman-'));

const prime = getDiffieHellman('modp14').getPrime();
const primePlus = (difference: number): Buffer => {
  const value = BigInt(`0x${prime.toString('hex')}`) + BigInt(difference);
  return Buffer.from(value.toString(16), 'hex');
};

/** Method, what is wrong, and the client's public value. */
const BAD_VALUES: readonly [string, string, Buffer][] = [
  ...STRING_METHODS.flatMap((kex): [string, string, Buffer][] => [
    [kex, 'a byte short', goodValue(kex).subarray(1)],
    [kex, 'a byte long', Buffer.concat([goodValue(kex), Buffer.alloc(1)])],
    [kex, 'nothing at all', Buffer.alloc(0)],
  ]),
  ...POINT_METHODS.flatMap(([kex, pointBytes]): [string, string, Buffer][] => [
    [kex, 'a point off the curve', endingWith(kex, Buffer.alloc(30, 1))],
    [kex, 'coordinates that are no field elements', endingWith(kex, Buffer.alloc(pointBytes - 1, 0xff))],
    [kex, 'a compressed point', compressed(kex, pointBytes)],
    [kex, 'a point in hybrid form', marked(kex, pointBytes, 6)],
    [kex, 'a point marked as the one at infinity', marked(kex, pointBytes, 0)],
  ]),
  ...['curve25519-sha256', 'mlkem768x25519-sha256'].flatMap((kex): [string, string, Buffer][] => [
    [kex, 'the all-zero point', endingWith(kex, Buffer.alloc(32))],
    [kex, 'a point of small order', endingWith(kex, Buffer.concat([Buffer.from([1]), Buffer.alloc(31)]))],
  ]),
  ['mlkem768x25519-sha256', 'coefficients out of range', outOfRange('mlkem768x25519-sha256', 1184)],
  ['mlkem768nistp256-sha256', 'coefficients out of range', outOfRange('mlkem768nistp256-sha256', 1184)],
  ['mlkem1024nistp384-sha384', 'coefficients out of range', outOfRange('mlkem1024nistp384-sha384', 1568)],
  ...['diffie-hellman-group14-sha1', 'diffie-hellman-group14-sha256'].flatMap(
    (kex): [string, string, Buffer][] => [
      [kex, 'e = 0', Buffer.alloc(0)],
      [kex, 'e = 1', Buffer.from([1])],
      [kex, 'e = p - 1', primePlus(-1)],
      [kex, 'e = p', primePlus(0)],
      [kex, 'e = p + 2', primePlus(2)],
      [kex, 'e longer than p', Buffer.concat([Buffer.from([1]), prime])],
      [kex, 'e with three bits set', Buffer.from([0x40, 0, 0x20, 0x01])],
    ],
  ),
  ...['group16-sha512', 'group18-sha512', 'group-exchange-sha256'].flatMap(
    (name): [string, string, Buffer][] => [
      [`diffie-hellman-${name}`, 'e = 0', Buffer.alloc(0)],
      [`diffie-hellman-${name}`, 'e = 1', Buffer.from([1])],
      [`diffie-hellman-${name}`, 'e longer than p', Buffer.alloc(1025, 0x55)],
    ],
  ),
];

const survivor = sharedResources();
for (const [kex, what, publicValue] of BAD_VALUES) {
  test(`T-6 kex - ${kex} refuses ${what}, tells the client, and serves the next one`, async () => {
    const { client, closed } = connect({ hostKeys, shared: survivor });
    await assert.rejects(client.handshake({ kex, publicValue }), /message 1 came/);
    const error = await closed;
    assert.equal(error.code, 'KEX_FAILED');
    assert.equal(error.disconnectReason, 3);
    await connect({ hostKeys, shared: survivor }).client.handshake({ kex: 'curve25519-sha256' });
    assert.deepEqual([survivor.kexGate.running, survivor.kexGate.waiting], [0, 0]);
  });
}

test('T-6 kex - a negative e is refused', async () => {
  const { client, closed } = connect({ hostKeys });
  const negative = new ByteWriter().uint8(Message.KEX_INIT).string(Buffer.alloc(256, 0xff)).finish();
  client.handshake({ kex: 'diffie-hellman-group14-sha256', between: [negative] }).catch(() => undefined);
  assert.equal((await closed).code, 'MESSAGE_INVALID');
});

test('kex - the fewest bits that e may have are four', async () => {
  const { client } = connect({ hostKeys });
  const handshake = client.handshake({
    kex: 'diffie-hellman-group14-sha256',
    publicValue: Buffer.from([0x0f]),
  });
  // The server answered: the client, which does not know the logarithm of 15, finds that it has another K.
  await assert.rejects(handshake, /signature of the host key is wrong/);
});

test('kex - everything in the table is in the test proposal and known to the test client', () => {
  assert.deepEqual([...EVERY_ALGORITHM.kex].sort(), Object.keys(CLIENT_KEX).sort());
});
