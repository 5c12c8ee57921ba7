/** The client for what `sftp` cannot do: many sessions at once, ML-KEM, times within a session. Built from `load-client/`. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { killGroup, runSuccessfully } from '../test/interop/lab/command.ts';
import { cleanEnvironment } from '../test/interop/lab/environment.ts';
import type { KeyPair } from '../test/interop/lab/keys.ts';
import { findProgram } from './installed.ts';
import type { ServerAddress } from './peer.ts';

const PROGRAM = fileURLToPath(new URL('../.cache/load-client/load-client', import.meta.url));
const STEP_TIMEOUT_MS = 180_000;
/** Logins under way at once: more than cores, few enough for every server's limit of unauthenticated connections. */
const PARALLEL_LOGINS = 8;

const LoginStep = z.object({ seconds: z.number(), kex: z.string(), cipher: z.string() });
const ListStep = z.object({ seconds: z.number(), firstSeconds: z.number(), entries: z.number() });
const FetchStep = z.object({ seconds: z.number() });

export interface LoadClientOptions {
  readonly address: ServerAddress;
  readonly key: KeyPair;
  readonly knownHostsFile: string;
  readonly folder: string;
  readonly signal: AbortSignal;
}

export class LoadClient {
  readonly #options: LoadClientOptions;

  constructor(options: LoadClientOptions) {
    this.#options = options;
  }

  static async whyAbsent(): Promise<string | undefined> {
    const isThere = (await findProgram(PROGRAM)) !== undefined;
    return isThere
      ? undefined
      : 'the load client is not built; .ci/install-clients does it where there is Go';
  }

  /** The same server through another port, which its known_hosts file has to hold. */
  through(port: number): LoadClient {
    return new LoadClient({ ...this.#options, address: { ...this.#options.address, port } });
  }

  /** Full logins with an SFTP session each. */
  async login(count: number): Promise<z.infer<typeof LoginStep>> {
    return LoginStep.parse(await this.#step('login', ['-count', String(count)]));
  }

  /** Reads a folder to its end. */
  async list(name: string): Promise<z.infer<typeof ListStep>> {
    return ListStep.parse(await this.#step('list', ['-path', this.#remote(name)]));
  }

  /** Reads a file through several channels of one connection. @returns seconds, without those of the login. */
  async fetch(name: string, sizeBytes: number, channelCount: number, output?: string): Promise<number> {
    const args = ['-path', this.#remote(name), '-size', String(sizeBytes), '-count', String(channelCount)];
    const step = await this.#step('fetch', [...args, ...(output === undefined ? [] : ['-output', output])]);
    return FetchStep.parse(step).seconds;
  }

  /** Calls `work` while so many sessions are open. */
  async whileHolding<T>(count: number, work: () => Promise<T>): Promise<T> {
    const child = spawn(PROGRAM, [...this.#args('hold'), '-count', String(count)], {
      env: cleanEnvironment(this.#options.folder),
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const deadline = AbortSignal.any([this.#options.signal, AbortSignal.timeout(STEP_TIMEOUT_MS)]);
    const kill = () => killGroup(child.pid);
    deadline.addEventListener('abort', kill, { once: true });
    let errorOutput = '';
    child.stderr.on('data', (chunk: Buffer) => {
      errorOutput = (errorOutput + chunk.toString()).slice(0, 2000);
    });
    child.stdin.on('error', () => {});
    const closed = once(child, 'close');
    try {
      const lines = createInterface({ input: child.stdout });
      const ready = await Promise.race([once(lines, 'line'), closed.then(() => undefined)]);
      if (ready === undefined) throw new Error(`the sessions cannot be held: ${errorOutput}`);
      return await work();
    } finally {
      child.stdin.end();
      await closed;
      deadline.removeEventListener('abort', kill);
    }
  }

  async #step(name: string, args: readonly string[]): Promise<unknown> {
    const { output } = await runSuccessfully({
      program: PROGRAM,
      args: [...this.#args(name), ...args],
      environment: cleanEnvironment(this.#options.folder),
      signal: AbortSignal.any([this.#options.signal, AbortSignal.timeout(STEP_TIMEOUT_MS)]),
    });
    return JSON.parse(output);
  }

  #args(step: string): readonly string[] {
    const { address, key, knownHostsFile } = this.#options;
    return [
      ...[step, '-address', `${address.host}:${address.port}`, '-user', address.userName],
      ...['-key', key.file, '-known-hosts', knownHostsFile, '-parallel', String(PARALLEL_LOGINS)],
    ];
  }

  #remote(name: string): string {
    return `${this.#options.address.remoteFolder}${name}`;
  }
}
