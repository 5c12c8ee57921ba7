#!/usr/bin/env node
/**
 * Starts Drawbridge on the Node it is made for, whatever Node the machine has: the runtime comes as the npm package
 * `node`. This file is plain JavaScript because an old Node has to read it.
 */

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Room for the short-lived buffers of each packet, in MiB; the default makes the collector run far more often. */
const SEMI_SPACE_MEGABYTES = 64;
/** File operations that run at once; the default of 4 is used up by one busy session. */
const THREAD_POOL_SIZE = '16';

const built = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const source = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));
const entry = existsSync(source) ? source : built;

const runtime = pinnedRuntime();
const args = [`--max-semi-space-size=${SEMI_SPACE_MEGABYTES}`, entry, ...process.argv.slice(2)];
const env = { UV_THREADPOOL_SIZE: THREAD_POOL_SIZE, ...process.env };

// Becoming the runtime leaves one process; an old Node cannot, and stays as its parent.
if (typeof process.execve === 'function' && process.platform !== 'win32') {
  process.execve(runtime, [runtime, ...args], env);
} else {
  runAsChild();
}

function runAsChild() {
  const child = spawn(runtime, args, { stdio: 'inherit', env });
  // The terminal sends its signals to the whole process group; those sent to us alone are passed on.
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  process.on('SIGINT', () => {});
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
