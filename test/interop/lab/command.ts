/** Runs a foreign program with a deadline and leaves nothing of it behind. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Kept of each output stream; a client that prints progress for an hour must not fill our memory. */
const MAX_OUTPUT_BYTES = 4 * 1024 * 1024;
/** Shown of the output in an error. */
const MAX_SHOWN_CHARACTERS = 1500;

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  /** The whole environment: nothing is inherited, so a developer's agent or settings cannot change a result. */
  readonly environment: Readonly<Record<string, string>>;
  /** Ends the program and all its children when it aborts. */
  readonly signal: AbortSignal;
  readonly input?: string;
  readonly workingDirectory?: string;
}

export interface CommandResult {
  /** Undefined when a signal ended the program. */
  readonly exitCode: number | undefined;
  readonly output: string;
  readonly errorOutput: string;
  /** From the start of the process to its end. */
  readonly durationMs: number;
}

/** A program could not be started, or ended badly. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

/**
 * Runs to the end, whatever the exit code.
 * @throws CommandError when the program is not there or the signal aborted.
 */
export async function runCommand(command: Command): Promise<CommandResult> {
  if (command.signal.aborted) throw new CommandError(`${command.program}: ${abortReason(command.signal)}`);
  const startedMs = performance.now();
  // A group of its own, so that the deadline also reaches what the program started (sshpass → sftp → ssh).
  const child = spawn(command.program, [...command.args], {
    cwd: command.workingDirectory,
    env: { ...command.environment },
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const output = collect(child.stdout);
  const errorOutput = collect(child.stderr);
  const kill = () => killGroup(child.pid);
  command.signal.addEventListener('abort', kill, { once: true });
  // EPIPE: a program that does not read its input is no failure of ours.
  child.stdin.on('error', () => {});
  child.stdin.end(command.input ?? '');
  try {
    const [exitCode] = await closed(child, command.program);
    if (command.signal.aborted) {
      throw new CommandError(
        `${command.program}: ${abortReason(command.signal)}\n${shorten(output() + errorOutput())}`,
      );
    }
    return {
      exitCode,
      output: output(),
      errorOutput: errorOutput(),
      durationMs: performance.now() - startedMs,
    };
  } finally {
    command.signal.removeEventListener('abort', kill);
    killGroup(child.pid);
  }
}

/** Runs to the end. @throws CommandError also when the exit code is not 0; the message ends with what it printed. */
export async function runSuccessfully(command: Command): Promise<CommandResult> {
  const result = await runCommand(command);
  if (result.exitCode === 0) return result;
  const said = shorten(`${result.errorOutput}${result.output}`);
  throw new CommandError(`${command.program} ended with ${result.exitCode ?? 'a signal'}: ${said}`);
}

/** Ends every process of the group that `processId` leads; a group that is gone already is fine. */
export function killGroup(processId: number | undefined): void {
  if (processId === undefined) return;
  try {
    process.kill(-processId, 'SIGKILL');
  } catch {
    // ESRCH: all of them ended by themselves.
  }
}

async function closed(child: ReturnType<typeof spawn>, program: string): Promise<[number | undefined]> {
  try {
    const [exitCode] = await once(child, 'close');
    return [typeof exitCode === 'number' ? exitCode : undefined];
  } catch (cause) {
    throw new CommandError(`${program} cannot be started`, { cause });
  }
}

function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  let byteCount = 0;
  stream.on('data', (chunk: Buffer) => {
    if (byteCount >= MAX_OUTPUT_BYTES) return;
    chunks.push(chunk);
    byteCount += chunk.length;
  });
  return () => Buffer.concat(chunks).toString('utf8');
}

function abortReason(signal: AbortSignal): string {
  return signal.reason instanceof Error && signal.reason.name === 'TimeoutError'
    ? 'ran into its deadline'
    : 'was stopped';
}

function shorten(text: string): string {
  const trimmed = text.trim();
  return trimmed.length <= MAX_SHOWN_CHARACTERS ? trimmed : `…${trimmed.slice(-MAX_SHOWN_CHARACTERS)}`;
}
