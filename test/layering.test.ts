import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { brokenWalls, DOORS, type Import, WALLS } from './layering.ts';

const root = fileURLToPath(new URL('../src', import.meta.url));
const MAX_LINES = 600;

/** Product files: tests and their tools may look into any room. */
const files = globSync('**/*.ts', { cwd: root }).filter((file) => !/\.test\.ts$|(^|\/)testing\//.test(file));

function importsOf(file: string): Import[] {
  const text = readFileSync(join(root, file), 'utf8');
  const specifiers = [...text.matchAll(/\b(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map(
    (match) => match[1] ?? '',
  );
  return specifiers.map((specifier) => ({
    file,
    imported: relative(root, join(root, dirname(file), specifier)),
  }));
}

test('layering - no room imports what it may not', () => {
  const imports = files.flatMap(importsOf);
  assert.ok(imports.length > 200, 'the imports were found');
  assert.deepEqual(brokenWalls(imports), []);
});

for (const [room, allowed] of Object.entries(WALLS)) {
  if (allowed.includes('*')) continue;
  const forbidden = Object.keys(WALLS).filter((other) => other !== room && !allowed.includes(other));
  test(`layering - ${room} importing ${forbidden.join(', ')} would be named`, () => {
    for (const other of forbidden) {
      const [line] = brokenWalls([{ file: `${room}/a.ts`, imported: `${other}/b.ts` }]);
      assert.match(line ?? '', new RegExp(`^src/${room}/a.ts imports src/${other}/b.ts: ${room} may import`));
    }
  });
}

for (const door of DOORS) {
  test(`layering - the door from ${door.from} to ${door.to} is narrow: ${door.rule}`, () => {
    const [line] = brokenWalls([
      { file: `${door.from}/a.ts`, imported: `${door.to}/storage/posix/storage.ts` },
    ]);
    assert.ok(line?.endsWith(door.rule));
  });
}

test('layering - a folder that is no room is named', () => {
  assert.match(
    brokenWalls([{ file: 'utils/a.ts', imported: 'wire/b.ts' }])[0] ?? '',
    /'utils' is not a room/,
  );
});

test('size - no source file is longer than 600 lines', () => {
  const long = files.filter((file) => readFileSync(join(root, file), 'utf8').split('\n').length > MAX_LINES);
  assert.deepEqual(long, []);
});

test('opening - every source file begins with one sentence on what it is for', () => {
  const silent = files.filter((file) => !readFileSync(join(root, file), 'utf8').startsWith('/**'));
  assert.deepEqual(silent, []);
});

test('C-5 processes - only the function runner can start one', () => {
  const starters = files.filter((file) => readFileSync(join(root, file), 'utf8').includes('child_process'));
  assert.deepEqual(
    starters.filter((file) => !file.startsWith('identity/transports/')),
    [],
  );
  assert.notDeepEqual(starters, []);
});
