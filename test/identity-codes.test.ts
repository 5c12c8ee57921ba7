/** Every code of a refused login can come about, and a test names it. */

import assert from 'node:assert/strict';
import { glob, readFile } from 'node:fs/promises';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { DENIALS, FAULTS, REFUSALS } from '../src/identity/index.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** Where the codes are listed. */
const TABLES = ['src/identity/decision.ts', 'src/identity/refusal.ts'];
const THIS = 'test/identity-codes.test.ts';

let tests = '';
let product = '';
before(async () => {
  for await (const path of glob(['src/**/*.ts', 'test/**/*.ts'], { cwd: ROOT })) {
    if (TABLES.includes(path) || path === THIS) continue;
    const text = withoutComments(await readFile(`${ROOT}/${path}`, 'utf8'));
    if (path.endsWith('.test.ts')) tests += text;
    else if (path.startsWith('src/') && !path.includes('/testing/')) product += text;
  }
});

/** What a comment promises is no proof. */
function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
}

for (const [table, codes] of Object.entries({ DENIALS, FAULTS, REFUSALS })) {
  const missingIn = (text: string) =>
    Object.keys(codes).filter((code) => !new RegExp(`\\b${code}\\b`).test(text));

  test(`codes - each of ${table} is given by some part of the product`, () => {
    assert.deepEqual(missingIn(product), []);
  });

  test(`codes - each of ${table} is named by a test`, () => {
    assert.deepEqual(missingIn(tests), []);
  });
}
