/** What a fuzz target is, and how one is run: for a number of cases, or for a time. */

import fc from 'fast-check';

/** A room to search. Inputs are plain values, so that a counterexample can be pasted into a test. */
export interface FuzzTarget<Input> {
  readonly name: string;
  readonly input: fc.Arbitrary<Input>;
  /** Throws when `input` breaks what the target promises. */
  check(input: Input): void | Promise<void>;
}

export interface FuzzOptions {
  /** Cases at most. */
  readonly runs: number;
  /** The same seed gives the same cases; a random one where absent. */
  readonly seed?: number;
  /** Ends earlier, in good order, when this much time is over. */
  readonly timeLimitMs?: number;
}

/** A target whose input type nobody needs to know. */
export interface Fuzzer {
  readonly name: string;
  /** @throws FuzzFailure with everything that is needed to see it again */
  fuzz(options: FuzzOptions): Promise<FuzzReport>;
}

export interface FuzzReport {
  readonly runs: number;
  readonly seed: number;
}

/** A case broke its promise. The message holds the seed and the smallest such case, as a test to paste. */
export class FuzzFailure extends Error {
  override readonly name = 'FuzzFailure';
  readonly code = 'FUZZ_FAILURE';
}

/** How long one case may take before it counts as hanging. */
const CASE_TIMEOUT_MS = 20_000;

export function fuzzer<Input>(target: FuzzTarget<Input>): Fuzzer {
  return { name: target.name, fuzz: (options) => run(target, options) };
}

async function run<Input>(target: FuzzTarget<Input>, options: FuzzOptions): Promise<FuzzReport> {
  const { runs, seed, timeLimitMs } = options;
  const strays = straysOf();
  let lastCase: Promise<void> = Promise.resolve();
  const property = fc.asyncProperty(target.input, async (input) => {
    lastCase = Promise.resolve(target.check(input));
    await lastCase;
    strays.throwFirst();
  });
  const details = await fc.check(property, {
    numRuns: runs,
    timeout: CASE_TIMEOUT_MS,
    ...(seed === undefined ? {} : { seed }),
    ...(timeLimitMs === undefined
      ? {}
      : {
          interruptAfterTimeLimit: timeLimitMs,
          markInterruptAsFailure: false,
          skipAllAfterTimeLimit: timeLimitMs * 3,
        }),
  });
  // At the time limit a case may be under way; it must not run into the next ones.
  await lastCase.catch(() => undefined);
  strays.stop();
  if (!details.failed || details.counterexample === null)
    return { runs: details.numRuns, seed: details.seed };
  throw new FuzzFailure(failureText(target.name, details), { cause: details.errorInstance });
}

/** Errors that no promise chain of a case caught would end a server: they break the case. */
function straysOf(): { throwFirst(): void; stop(): void } {
  const errors: unknown[] = [];
  const keep = (error: unknown): void => void errors.push(error);
  process.on('unhandledRejection', keep);
  process.on('uncaughtException', keep);
  return {
    throwFirst: () => {
      const [first] = errors.splice(0);
      if (first !== undefined) throw new Error('an error escaped', { cause: first });
    },
    stop: () => {
      process.off('unhandledRejection', keep);
      process.off('uncaughtException', keep);
    },
  };
}

function failureText(
  name: string,
  details: {
    readonly seed: number;
    readonly numRuns: number;
    readonly counterexample: unknown;
    readonly errorInstance?: unknown;
  },
): string {
  const [input] = Array.isArray(details.counterexample) ? details.counterexample : [];
  const cause = details.errorInstance;
  return `${name} failed in case ${details.numRuns}; again with: npm run fuzz -- ${name} --seed ${details.seed}
${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}

As a regression for test/fuzz/regressions.test.ts:

test('${name} - SAY WHAT HAPPENS', async () => {
  await ${camelCase(name)}.check(${fc.stringify(input)});
});
`;
}

function camelCase(name: string): string {
  return name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}
