import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChaCha20Poly1305 } from './chacha20-poly1305.ts';

/** The worked example of draft-ietf-sshm-chacha20-poly1305, appendix A. */
const EXAMPLE = {
  key: Buffer.from(
    '8bbff6855fc102338c373e73aac0c914f076a905b2444a32eecaffeae22becc5' +
      'e9b7a7a5825a8249346ec1c28301cf394543fc7569887d76e168f37562ac0740',
    'hex',
  ),
  sequence: 7,
  packet: Buffer.from(
    '00000048065e00000000000000384c6f72656d20697073756d20646f6c6f72207369' +
      '7420616d65742c20636f6e7365637465747572206164697069736963696e6720656c69744e43e804dc6c',
    'hex',
  ),
  sealed: Buffer.from(
    '2c3ecce4' +
      'a5bc05895bf07a7ba956b6c68829ac7c83b780b7000ecde745afc705bbc378ce' +
      '03a280236b87b53bed5839662302b164b6286a48cd1e097138e3cb909b8b2b82' +
      '9dd18d2a35ff82d9' +
      '95349e855bf02c298ef775f2d1a7e8b8',
    'hex',
  ),
} as const;

test('chacha20-poly1305 - the published example is sealed to the byte', () => {
  const sealed = new ChaCha20Poly1305(EXAMPLE.key).seal(EXAMPLE.sequence, EXAMPLE.packet);
  assert.equal(Buffer.concat(sealed).toString('hex'), EXAMPLE.sealed.toString('hex'));
});

test('chacha20-poly1305 - the published example is opened', () => {
  const opener = new ChaCha20Poly1305(EXAMPLE.key);
  assert.equal(opener.readLength(EXAMPLE.sequence, EXAMPLE.sealed.subarray(0, 4)), 72);
  assert.deepEqual(opener.open(EXAMPLE.sequence, EXAMPLE.sealed), EXAMPLE.packet.subarray(4));
});

test('chacha20-poly1305 - a packet is good at its own place in the sequence only', () => {
  const opener = new ChaCha20Poly1305(EXAMPLE.key);
  for (const sequence of [6, 8, 0, 2 ** 32 - 1])
    assert.throws(() => opener.open(sequence, EXAMPLE.sealed), { code: 'MAC_INVALID' });
});

test('chacha20-poly1305 - the last sequence number is sealed and opened', () => {
  const cipher = new ChaCha20Poly1305(EXAMPLE.key);
  const sealed = Buffer.concat(cipher.seal(2 ** 32 - 1, EXAMPLE.packet));
  assert.deepEqual(cipher.open(2 ** 32 - 1, sealed), EXAMPLE.packet.subarray(4));
});
