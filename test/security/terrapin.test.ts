import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KexInit } from '../../src/ssh/proposal.ts';
import { judge } from './terrapin.ts';

const STRICT = 'kex-strict-s-v00@openssh.com';

function offer(kex: readonly string[], ciphers: readonly string[], macs: readonly string[]): KexInit {
  return {
    kex,
    hostKey: ['ssh-ed25519'],
    ciphersIn: ciphers,
    ciphersOut: ['aes128-ctr'],
    macsIn: macs,
    macsOut: macs,
    compressionIn: ['none'],
    compressionOut: ['none'],
    firstKexPacketFollows: false,
  };
}

for (const [what, ciphers, macs] of [
  ['ChaCha20-Poly1305', ['chacha20-poly1305@openssh.com'], ['hmac-sha2-256']],
  ['CBC with encrypt-then-MAC', ['aes256-cbc'], ['hmac-sha2-256-etm@openssh.com']],
] as const) {
  test(`terrapin - ${what} without strict key exchange is vulnerable, with it is not`, () => {
    assert.equal(judge(offer(['curve25519-sha256'], ciphers, macs)).isVulnerable, true);
    const strict = judge(offer(['curve25519-sha256', STRICT], ciphers, macs));
    assert.deepEqual([strict.isVulnerable, strict.exposed], [false, ciphers]);
  });
}

test('terrapin - GCM, CTR with encrypt-then-MAC and CBC with a plain MAC are not vulnerable', () => {
  for (const [cipher, mac] of [
    ['aes128-gcm@openssh.com', 'hmac-sha2-256'],
    ['aes128-ctr', 'hmac-sha2-256-etm@openssh.com'],
    ['aes128-cbc', 'hmac-sha2-256'],
  ] as const) {
    assert.equal(judge(offer(['curve25519-sha256'], [cipher], [mac])).isVulnerable, false, cipher);
  }
});
