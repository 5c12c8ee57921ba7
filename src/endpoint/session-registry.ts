/** Who is connected to this node, how many may be, and how everybody leaves in good order. */

import { setTimeout as delay } from 'node:timers/promises';

/** How often a drain looks whether transfers have ended. */
const DRAIN_POLL_MS = 100;

/** What the registry needs to know of one connection. */
export interface RegisteredConnection {
  readonly sourceIp: string;
  readonly isAuthenticated: boolean;
  /** A file is open: closing now would cut a transfer. */
  readonly hasOpenFiles: boolean;
  close(message: string): void;
}

export interface ConnectionLimits {
  readonly maxConnections: number;
  /** Connections that have not logged in yet, of all sources (OpenSSH's MaxStartups). */
  readonly maxUnauthenticatedConnections: number;
  /** The same from one address. */
  readonly maxUnauthenticatedPerSource: number;
}

export type AdmissionRefusal =
  | 'TOO_MANY_CONNECTIONS'
  | 'TOO_MANY_UNAUTHENTICATED'
  | 'TOO_MANY_FROM_SOURCE'
  | 'STOPPING';

export class SessionRegistry {
  readonly #limits: ConnectionLimits;
  readonly #connections = new Set<RegisteredConnection>();
  readonly #unauthenticatedBySource = new Map<string, number>();
  #unauthenticated = 0;
  #isDraining = false;

  constructor(limits: ConnectionLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#connections.size;
  }

  /** Why a connection from this address cannot be taken now; undefined when it can. */
  refusalFor(sourceIp: string): AdmissionRefusal | undefined {
    if (this.#isDraining) return 'STOPPING';
    if (this.#connections.size >= this.#limits.maxConnections) return 'TOO_MANY_CONNECTIONS';
    if (this.#unauthenticated >= this.#limits.maxUnauthenticatedConnections)
      return 'TOO_MANY_UNAUTHENTICATED';
    const fromSource = this.#unauthenticatedBySource.get(sourceIp) ?? 0;
    return fromSource >= this.#limits.maxUnauthenticatedPerSource ? 'TOO_MANY_FROM_SOURCE' : undefined;
  }

  /** A new connection, not yet anybody. */
  add(connection: RegisteredConnection): void {
    this.#connections.add(connection);
    this.#countUnauthenticated(connection.sourceIp, 1);
  }

  /** The connection has logged in. Called once, before its `isAuthenticated` is read again. */
  authenticated(connection: RegisteredConnection): void {
    this.#countUnauthenticated(connection.sourceIp, -1);
  }

  remove(connection: RegisteredConnection): void {
    if (this.#connections.delete(connection) && !connection.isAuthenticated) {
      this.#countUnauthenticated(connection.sourceIp, -1);
    }
  }

  /**
   * Takes nobody new, sends away who is idle, and gives open transfers `graceMs` to end.
   * Resolves when everybody has left; whoever is still there at the end of the time is cut off.
   */
  async drain(graceMs: number): Promise<void> {
    this.#isDraining = true;
    const deadlineMs = performance.now() + graceMs;
    while (this.#connections.size > 0) {
      const isOver = performance.now() >= deadlineMs;
      for (const connection of [...this.#connections]) {
        if (isOver || !connection.hasOpenFiles) connection.close('The server is stopping.');
      }
      if (this.#connections.size > 0) await delay(DRAIN_POLL_MS);
    }
  }

  #countUnauthenticated(sourceIp: string, change: 1 | -1): void {
    this.#unauthenticated += change;
    const count = (this.#unauthenticatedBySource.get(sourceIp) ?? 0) + change;
    if (count > 0) this.#unauthenticatedBySource.set(sourceIp, count);
    else this.#unauthenticatedBySource.delete(sourceIp);
  }
}
