/** Paths as clients, attackers and careless programs spell them. */

import fc from 'fast-check';

/** Beside and above the tree of the tests: what nobody may reach. */
const OUTSIDE_NAMES = ['outside', 'sibling', 'secret', 'etc', 'passwd', 'canary'];
/** In the tree of the tests, or nearly. */
const INSIDE_NAMES = ['file', 'FILE', 'dir', 'nested', '\u00e9', 'e\u0301', 'a\\b', 'new', 'home'];
const TRICKS = [
  '..',
  '.',
  '',
  '...',
  '.. ',
  ' ..',
  '..\\',
  '..\\..\\outside\\secret',
  '%2e%2e',
  '%2e',
  '..%2foutside',
  '%252e%252e',
  '\uff0e\uff0e',
  'file.',
  'file ',
  ' file',
  'dir.',
  'file::$DATA',
  '~',
  '~root',
  'C:',
  '*',
  '\n',
  '\u202e',
  '\u200d',
];
const LONG_NAMES = ['n'.repeat(255), 'n'.repeat(256), '\u00e9'.repeat(127), '\u00e9'.repeat(128)];

const name = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...TRICKS) },
  { weight: 4, arbitrary: fc.constantFrom(...INSIDE_NAMES) },
  { weight: 2, arbitrary: fc.constantFrom(...OUTSIDE_NAMES) },
  { weight: 1, arbitrary: fc.constantFrom(...LONG_NAMES) },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 12 }) },
);

/** What no path may hold: NUL, and bytes that are no UTF-8 (overlong `..` and `/`, half a pair, a lone byte). */
const BAD_BYTES = ['00', 'ff', 'c0aec0ae', 'c0af', 'eda080', 'e9', 'c3'].map((hex) =>
  Buffer.from(hex, 'hex'),
);

const text = fc
  .tuple(fc.constantFrom('', '/', '//', '../', '/../'), fc.array(name, { maxLength: 6 }))
  .map(([prefix, names]) => Buffer.from(`${prefix}${names.join('/')}`));

const broken = fc
  .tuple(text, fc.constantFrom(...BAD_BYTES), text)
  .map(([before, bad, after]) => Buffer.concat([before, bad, after]));

/** Around the longest path, 4,095 bytes, and the longest key, 1,024. */
const long = fc
  .tuple(fc.constantFrom(1024, 4095, 4096), fc.integer({ min: -2, max: 2 }))
  .map(([about, more]) => Buffer.from(longPath(about + more)));

/** As bytes, which is what comes from the network. Never empty. */
export const pathInput: fc.Arbitrary<Buffer> = fc
  .oneof({ weight: 8, arbitrary: text }, { weight: 2, arbitrary: broken }, { weight: 1, arbitrary: long })
  .filter((bytes) => bytes.length > 0);

function longPath(byteCount: number): string {
  return `/${'n'.repeat(99)}`.repeat(Math.ceil(byteCount / 100)).slice(0, byteCount);
}
