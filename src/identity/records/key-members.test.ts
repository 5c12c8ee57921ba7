import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readPublicKeys } from './key-members.ts';
import { MemberLookUp } from './member-look-up.ts';

const ED25519 = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEGxLqbVEOcoLYO1mDVdYzrj8iVBQrcJyB1D4VU1h0ix';
/** The longest text of a secret. */
const LONG = 65_536;

const linesOf = (PublicKeys: unknown) =>
  readPublicKeys(new MemberLookUp({ PublicKeys }, 'SFTP', 0)).map(({ line }) => line);

describe('key members', () => {
  it('key members - blanks and commas around and between keys are no part of them', () => {
    const text = ` ,\n, ${ED25519} a , , ${ED25519} b,${ED25519} c\r\n\r\n ,`;
    assert.deepEqual(linesOf(text), [`${ED25519} a`, `${ED25519} b`, `${ED25519} c`]);
  });

  it('key members - a text of blanks, commas or lines without end is read at once', () => {
    const beganAtMs = performance.now();
    for (const filler of [' ', ',', ', ', '\n', ' \n', ',ssh-', ',ssh- '])
      for (const text of [`ssh-rsa${filler.repeat(LONG)}x`, filler.repeat(LONG)])
        assert.deepEqual(linesOf(text), []);
    assert.ok(performance.now() - beganAtMs < 2000);
  });

  it('key members - a list in a list is refused, however deep', () => {
    const self: unknown[] = [];
    self.push(self);
    const deep = JSON.parse(`${'['.repeat(5000)}${']'.repeat(5000)}`);
    for (const keys of [[[ED25519]], self, deep, JSON.stringify([[ED25519]]), [JSON.stringify([ED25519])]])
      assert.throws(() => linesOf(keys), { code: 'RECORD_INVALID' });
  });
});
