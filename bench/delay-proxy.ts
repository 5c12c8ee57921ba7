/** A TCP proxy in a process of its own that hands every byte on a fixed time later, as a long line does. */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createConnection, createServer, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { LOOPBACK } from './local-server.ts';

const PROGRAM = fileURLToPath(import.meta.url);
/** In each direction; far more than any SSH window, so the proxy never is the bound. */
const MAX_BYTES_UNDER_WAY = 128 * 2 ** 20;

export interface DelayProxy extends AsyncDisposable {
  readonly port: number;
}

/** Starts the proxy in front of a port on loopback. `delayMs` is that of one direction: half the round trip. */
export async function startDelayProxy(targetPort: number, delayMs: number): Promise<DelayProxy> {
  const child = fork(PROGRAM, [String(targetPort), String(delayMs)], { stdio: 'inherit' });
  const ended = once(child, 'exit');
  const [port] = await Promise.race([once(child, 'message'), ended.then(() => [undefined])]);
  if (typeof port !== 'number') throw new Error('the delaying proxy did not start');
  return {
    port,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** Moves bytes from one socket to another; each chunk waits its time, all at once in flight. */
function forward(from: Socket, to: Socket, delayMs: number): void {
  let bytesUnderWay = 0;
  const later = (work: () => void) => setTimeout(work, delayMs);
  from.on('data', (chunk) => {
    bytesUnderWay += chunk.length;
    if (bytesUnderWay >= MAX_BYTES_UNDER_WAY) from.pause();
    later(() => {
      to.write(chunk, () => {
        bytesUnderWay -= chunk.length;
        from.resume();
      });
    });
  });
  from.on('end', () => later(() => to.end()));
  from.on('error', () => to.destroy());
  from.on('close', () => later(() => to.destroy()));
}

function listen(targetPort: number, delayMs: number): void {
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (client) => {
    const target = createConnection({ host: LOOPBACK, port: targetPort, noDelay: true, allowHalfOpen: true });
    forward(client, target, delayMs);
    forward(target, client, delayMs);
  });
  server.listen(0, LOOPBACK, () => {
    const address = server.address();
    if (typeof address === 'object' && address !== null) process.send?.(address.port);
  });
  // The end of the channel: the bench has gone, however it went.
  process.on('disconnect', () => process.exit());
}

if (process.argv[1] === PROGRAM) listen(Number(process.argv[2]), Number(process.argv[3]));
