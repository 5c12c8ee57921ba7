import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { FileError } from '../../error.ts';
import { load } from '../../testing/fixture.ts';
import { SECRET, test } from '../../testing/posix-fixture.ts';
import { virtualPath as path } from '../../virtual-path.ts';

const OPENS = 10_000;
/** Opens that run side by side. */
const BATCH = 50;
/** A place that never holds still ends like a loop. */
const RACE_CODES: readonly string[] = ['NOT_FOUND', 'LINK_LOOP'];

/** Puts the bait in the place of the name and back, without a pause, until it is killed. */
const SWAPPER = `
const fs = require('node:fs');
const [directory, name] = process.argv.slice(1);
process.chdir(directory);
process.stdout.write('ready');
for (;;) {
  fs.renameSync(name, 'parked');
  fs.renameSync('bait', name);
  fs.renameSync(name, 'bait');
  fs.renameSync('parked', name);
}`;

/** Another process, which no lock and no turn of our event loop holds back. */
async function startSwapping(context: TestContext, directory: string, name: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['-e', SWAPPER, directory, name], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  context.after(() => child.kill('SIGKILL'));
  if (child.stdout !== null) await once(child.stdout, 'data');
  return child;
}

test('F-42 race - another process that swaps a folder for a link never leads an open outside', async (context, posixFixture) => {
  const { files, at, outside } = await posixFixture(context);
  mkdirSync(at('swapped', 'deep'), { recursive: true });
  writeFileSync(at('swapped', 'deep', 'secret'), 'inside');
  mkdirSync(join(outside, 'deep'));
  writeFileSync(join(outside, 'deep', 'secret'), SECRET);
  symlinkSync('../outside', at('bait'));
  const swapper = await startSwapping(context, at(), 'swapped');
  const seen = new Map<string, number>();
  for (let opened = 0; opened < OPENS; opened += BATCH) {
    const loads = Array.from({ length: BATCH }, () => load(files, '/swapped/deep/secret'));
    for (const result of await Promise.allSettled(loads)) {
      if (result.status === 'rejected') assert.ok(result.reason instanceof FileError);
      const outcome = result.status === 'fulfilled' ? result.value : result.reason.code;
      seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
    }
  }
  assert.equal(swapper.exitCode, null, 'it was swapping until the end');
  swapper.kill('SIGKILL');
  assert.ok(seen.has('inside') && seen.has('NOT_FOUND'), `both states were met: ${[...seen]}`);
  for (const outcome of seen.keys()) assert.ok(['inside', ...RACE_CODES].includes(outcome), outcome);
  assert.equal(readFileSync(join(outside, 'deep', 'secret'), 'utf8'), SECRET);
});

test('race - of many renames to one name by turns exactly one wins', async (context, posixFixture) => {
  const { files, at } = await posixFixture(context);
  const rivals = Array.from({ length: 20 }, (_, index) => `rival${index}`);
  for (let round = 0; round < 50; round++) {
    for (const rival of rivals) writeFileSync(at(rival), rival);
    const target = `won${round}`;
    const results = await Promise.allSettled(
      rivals.map((rival) => files.rename(path(`/${rival}`), path(`/${target}`))),
    );
    const winners = rivals.filter((_, index) => results[index]?.status === 'fulfilled');
    assert.equal(winners.length, 1);
    assert.equal(readFileSync(at(target), 'utf8'), winners[0]);
    for (const result of results)
      if (result.status === 'rejected') assert.equal(result.reason.code, 'ALREADY_EXISTS');
  }
});
