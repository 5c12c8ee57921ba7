/** `npm run fuzz -- [target …] [--minutes N] [--seed S]`: searches for longer than the tests do. */

import { parseArgs } from 'node:util';
import { type Fuzzer, FuzzFailure } from './target.ts';
import { FUZZERS } from './targets.ts';

const DEFAULT_MINUTES = 1;
/** Cases between two lines of progress, and with one seed. */
const BATCH_MS = 20_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { minutes: { type: 'string' }, seed: { type: 'string' } },
});

const minutes = numberOf(values.minutes, '--minutes') ?? DEFAULT_MINUTES;
const seed = numberOf(values.seed, '--seed');
const chosen = positionals.length === 0 ? FUZZERS : positionals.map(fuzzerOf);

for (const each of chosen) await search(each);

/** With a seed one batch of its cases, else batch after batch until the time is over. */
async function search(target: Fuzzer): Promise<void> {
  const endMs = performance.now() + minutes * 60_000;
  let cases = 0;
  try {
    do {
      const timeLimitMs = Math.max(1, Math.min(BATCH_MS, endMs - performance.now()));
      const report = await target.fuzz({
        runs: Number.MAX_SAFE_INTEGER,
        timeLimitMs: seed === undefined ? timeLimitMs : minutes * 60_000,
        ...(seed === undefined ? {} : { seed }),
      });
      cases += report.runs;
      console.log(`${target.name}: ${cases} cases, last seed ${report.seed}`);
    } while (seed === undefined && performance.now() < endMs);
  } catch (error) {
    if (!(error instanceof FuzzFailure)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}

function fuzzerOf(name: string): Fuzzer {
  const found = FUZZERS.find((each) => each.name === name);
  return found ?? usage(`there is no target '${name}'`);
}

function numberOf(text: string | undefined, option: string): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  return Number.isFinite(number) ? number : usage(`${option} takes a number`);
}

function usage(problem: string): never {
  console.error(`${problem}\nnpm run fuzz -- [target …] [--minutes N] [--seed S]`);
  console.error(`targets: ${FUZZERS.map(({ name }) => name).join(', ')}`);
  process.exit(2);
}
