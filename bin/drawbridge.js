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
 * Every packet leaves a buffer for the garbage collector. Its helper threads spend more CPU on finding that out than the
 * ciphers spend on the data: 0.7 s per GB of a download, measured. On the main thread the same work costs 0.05 s.
 */
const GARBAGE_COLLECTION = ['--single-threaded-gc', '--max-semi-space-size=64'];
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
