/** Writes functions into a temporary folder, runs them as the server does, and keeps what they print (tests only). */

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseFunctionArn } from '../function-arn.ts';
import { IdentityRequest } from '../request.ts';
import type { LocalFunctionSettings } from '../transports/function-settings.ts';
import { LocalFunction } from '../transports/local-function.ts';

/** A password that must never be seen anywhere. */
export const CANARY = 'c4nary-"Pa$$\\wörd';

/** A login attempt that passed the checks; a key look-up with `password: undefined`. */
export function requestOf(
  attempt: { username?: string; password?: string | undefined } = {},
): IdentityRequest {
  const { username = 'alice' } = attempt;
  const password = 'password' in attempt ? attempt.password : CANARY;
  const common = {
    username,
    protocol: 'SFTP',
    serverId: 's-0123456789abcdef0',
    sourceIp: '203.0.113.9',
  } as const;
  const checked = IdentityRequest.from(password === undefined ? common : { ...common, password });
  assert.equal(checked.outcome, 'ready');
  return checked.request;
}

/** A function under test and everything it printed. */
export interface FunctionUnderTest {
  readonly provider: LocalFunction;
  readonly lines: string[];
  ask(request?: IdentityRequest, signal?: AbortSignal): Promise<unknown>;
}

export class FunctionBench implements AsyncDisposable {
  readonly #folder: string;
  readonly #providers: LocalFunction[] = [];

  static async open(): Promise<FunctionBench> {
    return new FunctionBench(await mkdtemp(join(tmpdir(), 'drawbridge-function-')));
  }

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** The path of a module in the bench's folder. */
  path(fileName: string): string {
    return join(this.#folder, fileName);
  }

  /** Writes the module and makes a provider of it; the name decides how Node reads it (`f.ts`, `f.cjs`). */
  async add(
    fileName: string,
    source: string,
    settings: Partial<LocalFunctionSettings> = {},
  ): Promise<FunctionUnderTest> {
    await writeFile(this.path(fileName), source);
    const functionArn = parseFunctionArn('arn:aws:lambda:eu-west-3:000000000000:function:partners');
    assert.ok(functionArn);
    const lines: string[] = [];
    const provider = new LocalFunction({
      functionArn,
      modulePath: this.path(fileName),
      onLine: ({ line }) => lines.push(line),
      ...settings,
    });
    this.#providers.push(provider);
    const ask = (request = requestOf(), signal = new AbortController().signal) =>
      provider.authenticate(request, { signal });
    return { provider, lines, ask };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#providers.map((provider) => provider.close()));
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** Waits until the condition holds; the test's own timeout ends it otherwise. */
export async function until(condition: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + 5000;
  while (!condition()) {
    assert.ok(performance.now() < deadlineMs, 'the condition did not come true in 5 s');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
