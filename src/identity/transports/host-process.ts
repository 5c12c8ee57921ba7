/** Starts a Node process of ours beside the server, with nothing in its environment that is not given. */

import { type ChildProcess, fork } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Scrubber } from '../scrubber.ts';
import { FunctionOutput } from './function-output.ts';
import type { FunctionLine } from './function-settings.ts';

export interface HostProcessSettings {
  /** Path of the program. */
  readonly hostPath: string;
  /** Seen by everybody on the machine: nothing secret. */
  readonly programArguments: readonly string[];
  readonly folder: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Limit of the JavaScript heap. */
  readonly memoryMegabytes: number;
}

export interface OutputSettings {
  readonly functionArn: string;
  /** Asked for every line. */
  readonly scrubber: () => Scrubber;
  readonly onLine: (line: FunctionLine) => void;
}

/** The path of a host beside this file; works from the sources and from the build, where the extension is another one. */
export function hostPathOf(name: string): string {
  return fileURLToPath(new URL(`./${name}${extname(import.meta.url)}`, import.meta.url));
}

/** @throws what `fork` throws where the system cannot start a process */
export function startHost(settings: HostProcessSettings, output: OutputSettings): ChildProcess {
  const child = fork(settings.hostPath, [...settings.programArguments], {
    cwd: settings.folder,
    env: settings.environment,
    // Replaces the server's own flags: an inspector port or a test runner is not for functions.
    execArgv: [`--max-old-space-size=${settings.memoryMegabytes}`],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    serialization: 'json',
  });
  captureOutput(child, output);
  return child;
}

/** Hands on what the process prints, line by line and clean. */
export function captureOutput(child: ChildProcess, { functionArn, scrubber, onLine }: OutputSettings): void {
  for (const stream of ['stdout', 'stderr'] as const) {
    const readable = child[stream];
    if (readable === null) continue;
    new FunctionOutput(readable, { scrubber, onLine: (line) => onLine({ functionArn, stream, line }) });
  }
}

/** Why a process is gone, for the log. */
export function exitText(exitCode: number | null, signal: string | null, memoryMegabytes?: number): string {
  const how = signal === null ? `exit code ${exitCode}` : signal;
  // V8 aborts when the heap is full.
  const isOutOfMemory = signal === 'SIGABRT' && memoryMegabytes !== undefined;
  const hint = isOutOfMemory ? `, most often out of memory; the limit is ${memoryMegabytes} MiB` : '';
  return `the process of the function ended (${how}${hint})`;
}
