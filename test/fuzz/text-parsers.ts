/** Fuzz: what users and operators write as text or bytes and we take apart: key lines, paths. */

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { FileError } from '../../src/files/error.ts';
import {
  baseName,
  isWithin,
  MAX_PATH_BYTES,
  parentPath,
  pathSegments,
  ROOT,
  virtualPath,
} from '../../src/files/virtual-path.ts';
import { parseAuthorizedKey } from '../../src/ssh/authorized-key.ts';
import { PublicKeyError } from '../../src/ssh/public-key.ts';
import { makeHostKeys } from '../../src/ssh/testing/pair.ts';
import { mutated, mutations } from './mutation.ts';
import type { FuzzTarget } from './target.ts';

const KEYS = makeHostKeys().map(({ publicKey }) => publicKey);

const optionText = fc.array(
  fc.oneof(
    fc.constantFrom(
      'cert-authority',
      'restrict',
      'no-pty',
      'from="192.0.2.0/24,!192.0.2.7"',
      'principals="alice,bob"',
      'command="internal-sftp"',
      'expiry-time="20300101"',
      'verify-required',
      'no-touch-required',
      'from=""',
      'environment="A=\\"b\\""',
      'from="::1/129"',
    ),
    fc.string({ maxLength: 20 }),
  ),
  { maxLength: 4 },
);

const keyLineInput = fc.record({
  key: fc.nat(KEYS.length - 1),
  options: optionText,
  separator: fc.constantFrom(' ', '\t', '  ', ',', ''),
  comment: fc.string({ maxLength: 30 }),
  mutations,
  blobMutations: mutations,
});

export const keyLines: FuzzTarget<typeof keyLineInput extends fc.Arbitrary<infer T> ? T : never> = {
  name: 'key-lines',
  input: keyLineInput,
  check({ key: index, options, separator, comment, mutations: changes, blobMutations }) {
    const key = KEYS[index];
    assert.ok(key);
    const blob = mutated(key.blob, blobMutations).toString('base64');
    const plain = `${key.type} ${blob} ${comment}`;
    const line = options.length === 0 ? plain : `${options.join(',')}${separator}${plain}`;
    const damaged = mutated(Buffer.from(line), changes).toString();
    try {
      parseAuthorizedKey(damaged);
    } catch (error) {
      assert.ok(error instanceof PublicKeyError, `${error}`);
      const isUntouched = options.length + changes.length + blobMutations.length === 0;
      assert.ok(!isUntouched || /[\n\r\0]/.test(comment), `a good line is refused: ${error.message}`);
    }
  },
};

const segment = fc.oneof(
  fc.constantFrom('..', '.', '', 'a', 'é', '\\', '~', 'a\0b', '\ud800', '%2e%2e', ' '),
  fc.string({ unit: 'binary', maxLength: 6 }),
);
const pathText = fc.oneof(
  fc.array(segment, { maxLength: 12 }).map((names) => names.join('/')),
  fc.string({ unit: 'binary', maxLength: 300 }),
);
const pathInput = fc.record({
  base: pathText,
  path: fc.oneof(pathText, fc.uint8Array({ maxLength: 60 })),
  repeated: fc.integer({ min: 1, max: 900 }),
});

export const paths: FuzzTarget<typeof pathInput extends fc.Arbitrary<infer T> ? T : never> = {
  name: 'paths',
  input: pathInput,
  check({ base: baseText, path: given, repeated }) {
    const base = canonical(baseText) ?? ROOT;
    const path = canonical(given, base);
    if (typeof given === 'string') canonical(`${given}/`.repeat(repeated), base);
    if (path === undefined) return;
    assert.equal(virtualPath(path), path, 'canonical stays canonical');
    assert.equal(virtualPath(Buffer.from(path)), path, 'bytes and text are the same path');
    assert.ok(Buffer.byteLength(path) <= MAX_PATH_BYTES);
    assert.ok(path.startsWith('/') && !path.includes('\0'));
    for (const name of pathSegments(path)) assert.ok(!['', '.', '..'].includes(name) && !name.includes('/'));
    assert.ok(isWithin(path, ROOT) && isWithin(path, parentPath(path)));
    if (path !== ROOT) assert.equal(virtualPath(baseName(path), parentPath(path)), path);
  },
};

function canonical(given: string | Uint8Array, base = ROOT) {
  try {
    return virtualPath(given, base);
  } catch (error) {
    assert.ok(error instanceof FileError, `${error}`);
    assert.match(error.code, /^(INVALID_PATH|NAME_TOO_LONG)$/);
    return undefined;
  }
}
