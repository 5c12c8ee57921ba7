/** Contexts of requests for tests and benchmarks (tests only). */

import type { RequestContext } from '../model.ts';

/** The condition keys of a request as they are written; a single value may stand alone. */
export type WrittenContext = Readonly<Record<string, string | readonly string[]>>;

export function contextOf(keys: WrittenContext = {}): RequestContext {
  return new Map(
    Object.entries(keys).map(([key, value]) => [
      key.toLowerCase(),
      typeof value === 'string' ? [value] : value,
    ]),
  );
}
