/** A server under test as a child process: its log in a file, a clean stop, a hard one when that takes too long. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { killGroup } from './command.ts';

const STOP_TIMEOUT_MS = 15_000;
const START_POLL_MS = 50;

export interface ServerCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Receives standard output and standard error. */
  readonly logFile: string;
}

export class ServerProcess implements AsyncDisposable {
  readonly processId: number;
  readonly #child: ChildProcess;
  readonly #logFile: string;

  private constructor(child: ChildProcess, processId: number, logFile: string) {
    this.#child = child;
    this.processId = processId;
    this.#logFile = logFile;
  }

  static async start(command: ServerCommand): Promise<ServerProcess> {
    const log = await open(command.logFile, 'a');
    try {
      const child = spawn(command.program, [...command.args], {
        env: { ...command.environment },
        detached: true,
        stdio: ['ignore', log.fd, log.fd],
      });
      await once(child, 'spawn');
      if (child.pid === undefined) throw new Error(`${command.program} has no process id`);
      return new ServerProcess(child, child.pid, command.logFile);
    } finally {
      await log.close();
    }
  }

  readLog(): Promise<string> {
    return readFile(this.#logFile, 'utf8');
  }

  /** Asks until `isReady` says yes. @throws Error with the end of the log when the server died or took too long. */
  async waitUntil(isReady: () => Promise<boolean>, timeoutMs: number): Promise<void> {
    const deadlineMs = performance.now() + timeoutMs;
    while (!(await isReady())) {
      if (this.#hasEnded()) throw new Error(`the server ended at start:\n${await this.#logEnd()}`);
      if (performance.now() > deadlineMs)
        throw new Error(`the server was not ready in time:\n${await this.#logEnd()}`);
      await delay(START_POLL_MS);
    }
  }

  /** SIGTERM, then SIGKILL. @returns the exit code, undefined when it had to be killed. */
  async stop(): Promise<number | undefined> {
    if (!this.#hasEnded()) {
      const ended = once(this.#child, 'exit');
      this.#child.kill('SIGTERM');
      const timer = setTimeout(() => killGroup(this.processId), STOP_TIMEOUT_MS);
      await ended;
      clearTimeout(timer);
    }
    killGroup(this.processId);
    return this.#child.exitCode ?? undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  async #logEnd(): Promise<string> {
    return (await this.readLog()).split('\n').slice(-20).join('\n').trim();
  }
}
