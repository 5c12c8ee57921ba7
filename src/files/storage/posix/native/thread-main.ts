/** The program of a thread that makes system calls: sleeps, answers a batch of requests, sleeps. */

import { receiveMessageOnPort, workerData } from 'node:worker_threads';
import { toFileError } from '../../../error.ts';
import { ThreadIdentity } from './identity.ts';
import { Operations } from './operations.ts';
import {
  type Answer,
  type Failure,
  type Ready,
  type Request,
  SIGNAL_BATCHES,
  SIGNAL_STOP,
  type ThreadStart,
} from './protocol.ts';
import { Resolver } from './resolver.ts';
import { systemCalls } from './system-calls.ts';

serve(workerData);

/**
 * Sleeps in `Atomics.wait` and not in an event loop: a batch is begun about a fifth sooner that way.
 *
 * @throws SystemCallError where the kernel has no `openat2`, or a filter of system calls refuses it
 */
function serve({ port, rootDescriptor, signal }: ThreadStart): void {
  const calls = systemCalls();
  const resolver = new Resolver(calls, rootDescriptor);
  const identity = new ThreadIdentity(calls);
  const operations = new Operations({ calls, resolver, identity });
  operations.tryOut();
  const noProfiles = identity.tryOut();
  port.postMessage((noProfiles === undefined ? {} : { noProfiles }) satisfies Ready);
  while (Atomics.load(signal, SIGNAL_STOP) === 0) {
    const seen = Atomics.load(signal, SIGNAL_BATCHES);
    const message: { readonly message: readonly Request[] } | undefined = receiveMessageOnPort(port);
    if (message === undefined) Atomics.wait(signal, SIGNAL_BATCHES, seen);
    else port.postMessage(message.message.map((request) => answer(operations, request)));
  }
  port.close();
}

function answer(operations: Operations, request: Request): Answer {
  try {
    return { id: request.id, result: operations.perform(request) };
  } catch (error) {
    return { id: request.id, failure: describe(error) };
  }
}

function describe(error: unknown): Failure {
  const { code, message, cause } = toFileError(error);
  return { code, message, reason: cause instanceof Error ? cause.message : '' };
}
