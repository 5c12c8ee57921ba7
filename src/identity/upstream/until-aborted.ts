/** Gives up a wait for work that obeys no signal of its own, or that others wait for too. */

import { IdentityFault } from '../decision.ts';

/** `what` stands in the message. The work goes on. @throws IdentityFault UPSTREAM_TIMED_OUT, and what the work throws */
export async function untilAborted<Result>(
  work: Promise<Result>,
  signal: AbortSignal,
  what: string,
): Promise<Result> {
  const aborted = Promise.withResolvers<never>();
  // The race may be over before it was joined.
  aborted.promise.catch(() => undefined);
  const onAbort = () => aborted.reject(new IdentityFault('UPSTREAM_TIMED_OUT', `${what}.`));
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
