import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { FileSystem } from '../../file-system.ts';
import { load, names, store, testSession, WRITE } from '../../testing/fixture.ts';
import { openDescriptors, SECRET } from '../../testing/posix-fixture.ts';
import { FolderStorage } from './storage.ts';

const OPENS = 10_000;
const OPENS_AT_A_TIME = 20;
const INSIDE = 'inside content';

/**
 * Another process puts links in the place of a directory and of a file and takes them away again, as fast as it can.
 * The directory is away in between, so an upload may make one: then that is thrown away.
 */
const SWAPPER = `
const fs = require('node:fs');
const [root, outside] = process.argv.slice(1);
const attempt = (work) => { try { work(); return true; } catch { return false; } };
const at = (name) => root + '/' + name;
const pause = (round) => { for (let turn = 0; turn < (round % 7) * 2000; turn++); };
console.log('swapping');
for (let round = 0; ; round++) {
  attempt(() => fs.renameSync(at('dir'), at('parked')));
  attempt(() => fs.symlinkSync(outside, at('dir')));
  attempt(() => fs.symlinkSync(outside + '/secret', at('bait')));
  attempt(() => fs.renameSync(at('bait'), at('file')));
  pause(round);
  attempt(() => fs.unlinkSync(at('dir'))) || attempt(() => fs.rmSync(at('dir'), { recursive: true }));
  attempt(() => fs.renameSync(at('parked'), at('dir')));
  attempt(() => fs.writeFileSync(at('good'), '${INSIDE}'));
  attempt(() => fs.renameSync(at('good'), at('file')));
  pause(round + 3);
}`;

interface Race {
  readonly files: FileSystem;
  /** What lies there for nobody: names and contents. */
  outside(): readonly string[];
}

async function race(context: TestContext): Promise<Race> {
  const base = mkdtempSync(join(tmpdir(), 'race-'));
  const root = join(base, 'root');
  const outside = join(base, 'outside');
  for (const folder of [root, outside, join(root, 'dir')]) mkdirSync(folder);
  writeFileSync(join(outside, 'secret'), SECRET);
  writeFileSync(join(root, 'dir', 'secret'), INSIDE);
  writeFileSync(join(root, 'file'), INSIDE);
  const storage = new FolderStorage({ root });
  await storage.open();
  const stopSwapping = await startSwapping(root, outside);
  context.after(async () => {
    await stopSwapping();
    await storage.close();
    rmSync(base, { recursive: true, force: true });
  });
  return {
    files: storage.attach(testSession()),
    outside: () =>
      readdirSync(outside).map((name) => `${name}: ${readFileSync(join(outside, name), 'utf8')}`),
  };
}

async function startSwapping(root: string, outside: string): Promise<() => Promise<void>> {
  const swapper = spawn(process.execPath, ['-e', SWAPPER, root, outside], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(swapper, 'exit');
  await once(swapper.stdout, 'data');
  return async () => {
    assert.equal(swapper.exitCode, null, 'the other process swapped to the end');
    swapper.kill('SIGKILL');
    await exited;
  };
}

/** @returns every way in which `action` ended */
async function outcomes(count: number, action: () => Promise<string>): Promise<ReadonlySet<string>> {
  const seen = new Set<string>();
  for (let done = 0; done < count; done += OPENS_AT_A_TIME) {
    const results = await Promise.allSettled(Array.from({ length: OPENS_AT_A_TIME }, action));
    for (const result of results) seen.add(result.status === 'fulfilled' ? result.value : result.reason.code);
  }
  return seen;
}

/** What a place that never holds still ends in. */
const REFUSALS = ['NOT_FOUND', 'LINK_LOOP', 'NOT_A_DIRECTORY', 'IS_A_DIRECTORY', 'ALREADY_EXISTS'];

function assertOnly(seen: ReadonlySet<string>, allowed: readonly string[]): void {
  for (const outcome of seen) assert.ok([...allowed, ...REFUSALS].includes(outcome), outcome);
  assert.ok(
    allowed.some((outcome) => seen.has(outcome)) && seen.has('NOT_FOUND'),
    'the link was met, and what it replaced',
  );
}

test('F-42 folder - 10,000 opens while a link is swapped in never lead outside', async (context) => {
  const { files, outside } = await race(context);
  const before = openDescriptors();
  assertOnly(await outcomes(OPENS / 2, () => load(files, '/dir/secret')), [INSIDE]);
  assertOnly(await outcomes(OPENS / 2, () => load(files, '/file')), [INSIDE]);
  const listed = await outcomes(OPENS / 10, async () => (await names(files, '/dir')).join());
  assert.ok(
    [...listed].every((outcome) => ['', 'secret', ...REFUSALS].includes(outcome)),
    [...listed].join(),
  );
  assert.equal(openDescriptors(), before);
  assert.deepEqual(outside(), [`secret: ${SECRET}`]);
});

test('F-42 folder - uploads while a link is swapped in never arrive outside', async (context) => {
  const { files, outside } = await race(context);
  const before = openDescriptors();
  const upload = async (path: string, mode = WRITE): Promise<string> => {
    await store(files, path, INSIDE, mode);
    return 'stored';
  };
  const uploads = [
    () => upload('/dir/new'),
    () => upload('/dir/secret', { ...WRITE, truncate: false }),
    () => upload('/file'),
    () => upload('/file', { ...WRITE, truncate: false }),
    () => upload('/dir/below/new', { ...WRITE, exclusive: true }),
  ];
  for (const action of uploads) {
    const seen = await outcomes(OPENS / 25, action);
    for (const outcome of seen) assert.ok(['stored', ...REFUSALS].includes(outcome), outcome);
  }
  assert.equal(openDescriptors(), before);
  assert.deepEqual(outside(), [`secret: ${SECRET}`]);
});
