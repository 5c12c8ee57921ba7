#!/usr/bin/env node
/**
 * Starts Drawbridge on the Node it is made for, whatever Node the machine has: the runtime comes as the npm package
 * `node`. This file is plain JavaScript because an old Node has to read it.
 */

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { isatty } from 'node:tty';
import { fileURLToPath } from 'node:url';

/**
 * Every packet leaves a buffer outside the heap for the garbage collector. V8 answers 64 MiB of them with a full
 * collection, again and again; young ones that come sooner free the same buffers for next to nothing. So: a small young
 * space, an old space that is not collected before it holds 256 MiB, and no helper threads that compete with the ciphers.
 * Together these halve the CPU of an upload (docs/benchmarks.md).
 */
const GARBAGE_COLLECTION = ['--max-semi-space-size=2', '--initial-heap-size=256', '--single-threaded-gc'];
/** File operations that run at once; the default of 4 is used up by one busy session. */
const THREAD_POOL_SIZE = '16';

const built = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const source = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));
const entry = existsSync(source) ? source : built;

const runtime = pinnedRuntime();
const args = [...GARBAGE_COLLECTION, entry, ...process.argv.slice(2)];
const env = { UV_THREADPOOL_SIZE: THREAD_POOL_SIZE, ...process.env };

// Becoming the runtime leaves one process; an old Node cannot, and stays as its parent.
if (typeof process.execve === 'function' && process.platform !== 'win32') {
  process.execve(runtime, [runtime, ...args], env);
} else {
  runAsChild();
}

function runAsChild() {
  // By the end of the channel the server learns that we were killed, and stops too.
  const child = spawn(runtime, args, { stdio: ['inherit', 'inherit', 'inherit', 'ipc'], env });
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  // A terminal sends SIGINT to the child as well, and a second one would cut transfers off.
  const hasTerminal = [0, 1, 2].some((fd) => isatty(fd));
  process.on('SIGINT', () => hasTerminal || child.kill('SIGINT'));
  child.on('error', (error) => {
    process.stderr.write(`drawbridge: cannot start ${runtime}: ${error.message}\n`);
    process.exitCode = 1;
  });
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 1);
  });
}

function pinnedRuntime() {
  const require = createRequire(import.meta.url);
  try {
    const folder = dirname(require.resolve('node/package.json'));
    const binary = join(folder, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
    if (existsSync(binary)) return binary;
  } catch {
    // Installed without the runtime package: the machine's own Node has to do.
  }
  return process.execPath;
}
