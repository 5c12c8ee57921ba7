/**
 * `npm run test:identity`: providers, stores and runtimes against implementations that others wrote and that npm does not
 * have: slapd, moto, awslambdaric, PostgreSQL. Exits with 1 when a check fails.
 */

import { readdir } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { optionsOrExit } from '../interop/lab/invocation.ts';

const CHECK_TIMEOUT_MS = 60_000;
/** For starting and stopping too, which no check is held to. */
const PART_TIMEOUT_MS = 240_000;

const USAGE = `usage: node test/identity/main.ts [options]
  --part NAME     only this part: the name of a file beside this one
  --check TEXT    only checks whose name holds the text`;

/** Runs one check; what it throws is its failure. */
export type Report = (name: string, work: () => Promise<void>) => Promise<void>;

interface Part {
  check(report: Report): Promise<void>;
}

const { part, check: wanted = '' } = optionsOrExit(
  () =>
    parseArgs({
      options: { part: { type: 'string' }, check: { type: 'string' }, help: { type: 'boolean' } },
    }).values,
  USAGE,
);

let passedCount = 0;
let failedCount = 0;
for (const name of await partNames()) await runPart(name);
console.log(`${passedCount} passed, ${failedCount} failed`);
// A check that nobody ran proves nothing.
process.exit(failedCount > 0 || passedCount === 0 ? 1 : 0);

async function partNames(): Promise<readonly string[]> {
  const files = await readdir(import.meta.dirname);
  const names = files
    .filter((file) => file.endsWith('.ts') && file !== 'main.ts')
    .map((file) => file.slice(0, -3));
  return names.filter((name) => part === undefined || name === part).sort();
}

async function runPart(name: string): Promise<void> {
  const module: object = await import(new URL(`${name}.ts`, import.meta.url).href);
  if (!isPart(module)) throw new TypeError(`${name}.ts exports no check`);
  try {
    const checks = module.check((check, work) => runCheck(`${name}: ${check}`, work));
    await Promise.race([checks, expiry(PART_TIMEOUT_MS)]);
  } catch (error) {
    failed(`${name}: start and stop`, error, 0);
  }
}

async function runCheck(name: string, work: () => Promise<void>): Promise<void> {
  if (!name.includes(wanted)) return;
  const startMs = performance.now();
  try {
    await Promise.race([work(), expiry(CHECK_TIMEOUT_MS)]);
    passedCount += 1;
    console.log(`ok      ${name} (${Math.round(performance.now() - startMs)} ms)`);
  } catch (error) {
    failed(name, error, performance.now() - startMs);
  }
}

function failed(name: string, error: unknown, durationMs: number): void {
  failedCount += 1;
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  console.log(`FAILED  ${name} (${Math.round(durationMs)} ms)\n${text}`);
}

function expiry(timeoutMs: number): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  setTimeout(() => reject(new Error(`not done in ${timeoutMs} ms`)), timeoutMs).unref();
  return promise;
}

function isPart(module: object): module is Part {
  return typeof Reflect.get(module, 'check') === 'function';
}
