import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ByteWriter } from '../../wire/byte-writer.ts';
import { Message } from '../message.ts';
import { connect, EVERY_ALGORITHM, makeHostKeys, type Pair } from '../testing/pair.ts';
import { chooseGroup } from './group-exchange.ts';
import { GROUP_14, GROUP_15, GROUP_16, GROUP_17, GROUP_18 } from './modp-group.ts';

const hostKeys = makeHostKeys();
const kex = 'diffie-hellman-group-exchange-sha256';
const withoutGroup14 = {
  ...EVERY_ALGORITHM,
  kex: EVERY_ALGORITHM.kex.filter((name) => !name.includes('group14')),
};

/** min, preferred, max, and the size of the group that is given; 0 for none. */
const REQUESTS: readonly [number, number, number, number][] = [
  [2048, 2048, 8192, 3072],
  [2048, 3072, 8192, 3072],
  [2048, 3073, 8192, 4096],
  [2048, 4096, 8192, 4096],
  [2048, 7680, 8192, 8192],
  [1024, 1024, 8192, 3072],
  [1024, 1536, 3072, 3072],
  [4096, 4096, 6144, 4096],
  [5000, 5000, 7000, 6144],
  // Nothing is as large as that: the largest one there is.
  [2048, 16_384, 16_384, 8192],
  [2048, 4000, 4000, 3072],
  [8193, 16_384, 16_384, 0],
  [3500, 3600, 4000, 0],
  [1024, 1024, 1024, 0],
  [512, 1024, 1536, 0],
  // Out of order.
  [4096, 3072, 8192, 0],
  [2048, 8192, 4096, 0],
  [0xffff_ffff, 0, 0, 0],
];

test('group exchange - gives the smallest group that is large enough, never fewer than 3072 bits', () => {
  for (const [min, preferred, max, bits] of REQUESTS) {
    for (const allowsGroup14 of [true, false]) {
      const chosen = chooseGroup({ min, preferred, max }, allowsGroup14)?.bits ?? 0;
      assert.equal(chosen, bits, `${min} ${preferred} ${max}`);
    }
  }
});

test('group exchange - 2048 bits only for who takes no more, and only where group14 is offered by name', () => {
  for (const request of [
    { min: 2048, preferred: 2048, max: 2048 },
    { min: 1024, preferred: 1536, max: 2048 },
    { min: 2048, preferred: 3000, max: 3000 },
  ]) {
    assert.equal(chooseGroup(request, true), GROUP_14);
    assert.equal(chooseGroup(request, false), undefined);
  }
});

/** Machin's formula, with 64 bits to spare. */
function piTimesTwoTo(bits: number): bigint {
  const one = 1n << BigInt(bits + 64);
  const arctanOfInverse = (x: bigint): bigint => {
    let sum = 0n;
    let power = one / x;
    for (let k = 0n; power !== 0n; k++, power /= x * x) {
      const term = power / (2n * k + 1n);
      sum += k % 2n === 0n ? term : -term;
    }
    return sum;
  };
  return (4n * (4n * arctanOfInverse(5n) - arctanOfInverse(239n))) >> 64n;
}

test('group exchange - every group is the one that RFC 3526 defines', () => {
  const constants = [
    [GROUP_14, 2048, 124_476n],
    [GROUP_15, 3072, 1_690_314n],
    [GROUP_16, 4096, 240_904n],
    [GROUP_17, 6144, 929_484n],
    [GROUP_18, 8192, 4_743_158n],
  ] as const;
  for (const [group, bits, constant] of constants) {
    const size = BigInt(bits);
    const middle = piTimesTwoTo(bits - 130) + constant;
    const prime = (1n << size) - (1n << (size - 64n)) - 1n + (middle << 64n);
    assert.equal(group.prime.toString('hex'), prime.toString(16));
    assert.equal(group.bits, bits);
    assert.deepEqual([...group.generator], [2]);
  }
});

for (const [min, preferred, max] of [
  [2048, 2048, 2048],
  [1024, 2048, 8192],
  [2048, 4096, 8192],
  [6144, 6144, 6144],
] as const) {
  test(`group exchange - ${min}, ${preferred}, ${max}: the numbers are hashed as the client sent them`, async () => {
    const { client } = connect({ hostKeys });
    await client.handshake({ kex, groupRequest: { min, preferred, max } });
    await client.startAuthentication();
  });
}

test('group exchange - a policy without group14 gives nobody 2048 bits', async () => {
  const { client, closed } = connect({ hostKeys, proposal: withoutGroup14 });
  client.handshake({ kex, groupRequest: { min: 2048, preferred: 2048, max: 2048 } }).catch(() => undefined);
  assert.equal((await closed).code, 'KEX_FAILED');
});

/** Sends messages instead of the method's own first one. */
function sendInstead(messages: readonly Buffer[]): Pair {
  const pair = connect({ hostKeys });
  pair.client.handshake({ kex, between: messages }).catch(() => undefined);
  return pair;
}

const request = new ByteWriter()
  .uint8(Message.KEX_GEX_REQUEST)
  .uint32(2048)
  .uint32(3072)
  .uint32(8192)
  .finish();

for (const [what, messages] of [
  ['a public value before the request', [new ByteWriter().uint8(32).mpint(Buffer.alloc(9, 7)).finish()]],
  ['a second request', [request]],
  ['the request of the draft, message 30', [new ByteWriter().uint8(30).uint32(2048).finish()]],
] as const) {
  test(`group exchange - ${what} ends the connection`, async () => {
    assert.equal((await sendInstead(messages).closed).code, 'MESSAGE_UNEXPECTED');
  });
}

test('group exchange - a request that is cut short ends the connection', async () => {
  const { closed } = sendInstead([request.subarray(0, 9)]);
  assert.equal((await closed).code, 'MESSAGE_INVALID');
});
