/** Lets one browser login be open for a user and an address: a newer one ends the older. */

import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { Denied } from '../decision.ts';
import type { Login } from './provider.ts';

/** Most flows that are remembered; beyond that the oldest are forgotten, which only ends their rivalry. */
const MAX_FLOWS = 10_000;

/** A flow, as it travels in the state of its dialogue. */
export const flowShape = z.strictObject({ id: z.string(), beganAtMs: z.number() });
export type Flow = z.output<typeof flowShape>;

/**
 * Who starts many logins in the hope that the victim confirms one of them has only the last to hope for, and nothing any more once that
 * one is over. It holds in this process; a flow that began in another one after those that are known here is let go on.
 */
export class PendingFlows {
  readonly #now: () => number;
  readonly #newest = new Map<string, Flow>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** A new flow, which is the only one from now on. */
  begin(login: Login): Flow {
    const flow = { id: randomUUID(), beganAtMs: this.#now() };
    const key = keyOf(login);
    this.#newest.delete(key);
    this.#newest.set(key, flow);
    for (const [oldest] of this.#newest) {
      if (this.#newest.size <= MAX_FLOWS) break;
      this.#newest.delete(oldest);
    }
    return flow;
  }

  /** @throws Denied STATE_INVALID where a newer one has begun */
  requireNewest(login: Login, { id, beganAtMs }: Flow): void {
    const newest = this.#newest.get(keyOf(login));
    if (newest === undefined || newest.id === id || newest.beganAtMs < beganAtMs) return;
    throw new Denied('STATE_INVALID', 'A newer login of the user from this address has begun.');
  }
}

function keyOf({ serverId, userName, sourceIp }: Login): string {
  return JSON.stringify([serverId, userName.toLowerCase(), sourceIp]);
}
