/** Waiting for something shared, by somebody who may stop waiting. */

import { IdentityError } from '../provider.ts';

export function stopped(): IdentityError {
  return new IdentityError('ABORTED', 'the server stops');
}

export function goneAway(): IdentityError {
  return new IdentityError('ABORTED', 'the login was given up before the function answered');
}

/** The promise's outcome, or ABORTED as soon as the signal aborts; what the promise stands for goes on. */
export async function abortable<Result>(promise: Promise<Result>, signal: AbortSignal): Promise<Result> {
  if (signal.aborted) throw goneAway();
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(goneAway());
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
