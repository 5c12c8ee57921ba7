/** Which logins a process is being asked about, so that what it prints can be cleaned of their passwords. */

import type { IdentityRequest } from '../request.ts';
import { Scrubber } from '../scrubber.ts';

/** Output of a finished question may still be in the pipe for so long. */
const LINGER_MS = 2000;
/** Most finished questions that are remembered. */
const MAX_LINGERING = 1024;

interface Finished {
  readonly request: IdentityRequest;
  readonly atMs: number;
}

export class RequestSecrets {
  readonly #open = new Set<IdentityRequest>();
  readonly #finished: Finished[] = [];
  #scrubber: Scrubber | undefined;

  begin(request: IdentityRequest): void {
    this.#open.add(request);
    this.#scrubber = undefined;
  }

  finish(request: IdentityRequest): void {
    if (this.#open.delete(request)) this.#finished.push({ request, atMs: performance.now() });
  }

  /** Made when something was printed, not for every login: most logins print nothing. */
  get scrubber(): Scrubber {
    this.#forgetOld();
    this.#scrubber ??= scrubberOf([...this.#open, ...this.#finished.map(({ request }) => request)]);
    return this.#scrubber;
  }

  /** The last one stays: a function may print long after its answer, when it wakes up for the next question. */
  #forgetOld(): void {
    const oldestMs = performance.now() - LINGER_MS;
    const isOld = (finished: Finished) => finished.atMs < oldestMs;
    const firstKept = this.#finished.findIndex((finished) => !isOld(finished));
    const oldCount = firstKept < 0 ? this.#finished.length - 1 : firstKept;
    const dropCount = Math.max(oldCount, this.#finished.length - MAX_LINGERING);
    if (dropCount <= 0) return;
    this.#finished.splice(0, dropCount);
    this.#scrubber = undefined;
  }
}

function scrubberOf([first, ...others]: readonly IdentityRequest[]): Scrubber {
  return first === undefined ? new Scrubber([]) : first.scrubber(others);
}
