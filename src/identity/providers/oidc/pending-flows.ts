/** Lets one browser login be open for a user and an address: a newer one ends the older. */

import { randomUUID } from 'node:crypto';
import type { Login } from '../provider.ts';

/** Most open flows that are remembered; beyond that the oldest are forgotten, which only ends their rivalry. */
const MAX_FLOWS = 10_000;

/**
 * Who starts many logins in the hope that the victim confirms one of them has only the last to hope for. It holds in this process;
 * a flow that another process began is let go on.
 */
export class PendingFlows {
  readonly #flows = new Map<string, string>();

  /** The id of a new flow, which is the only one from now on. */
  begin(login: Login): string {
    const id = randomUUID();
    const key = keyOf(login);
    this.#flows.delete(key);
    this.#flows.set(key, id);
    for (const [oldest] of this.#flows) {
      if (this.#flows.size <= MAX_FLOWS) break;
      this.#flows.delete(oldest);
    }
    return id;
  }

  isSuperseded(login: Login, id: string): boolean {
    const current = this.#flows.get(keyOf(login));
    return current !== undefined && current !== id;
  }

  end(login: Login, id: string): void {
    if (this.#flows.get(keyOf(login)) === id) this.#flows.delete(keyOf(login));
  }
}

function keyOf({ serverId, userName, sourceIp }: Login): string {
  return JSON.stringify([serverId, userName.toLowerCase(), sourceIp]);
}
