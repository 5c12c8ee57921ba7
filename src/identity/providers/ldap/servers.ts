/** The servers of a directory, in order: one that fails is left alone for a while, and the next is asked. */

import { IdentityFault } from '../../decision.ts';
import type { Surroundings } from '../../surroundings.ts';
import { LdapConnection } from './connection.ts';
import type { LdapSettings } from './settings.ts';
import { openSocket } from './socket.ts';
import { TlsMaterial } from './tls-material.ts';

/** How long a server that failed is left alone. */
export const PAUSE_MS = 30_000;

export interface LdapServer {
  readonly url: string;
}

/** What all attempts for one login share, so that they go to the same server as long as it answers. */
export interface Round {
  readonly signal: AbortSignal;
  /** The server to begin with, counted over all of them. */
  readonly first: number;
}

export class LdapServers {
  readonly #settings: LdapSettings;
  readonly #now: () => number;
  readonly #material: TlsMaterial;
  readonly #servers: readonly { readonly url: string; badUntilMs: number }[];
  #turn = 0;
  #isProbing = false;

  constructor(settings: LdapSettings, surroundings: Surroundings) {
    this.#settings = settings;
    this.#now = surroundings.now;
    this.#material = new TlsMaterial(settings.tls, surroundings);
    this.#servers = settings.servers.map((url) => ({ url, badUntilMs: 0 }));
  }

  /** The round of one login: from the first server, or in turn. */
  round(signal: AbortSignal): Round {
    const isInTurn = this.#settings.serverOrder === 'round-robin';
    return { signal, first: isInTurn ? this.#turn++ % this.#servers.length : 0 };
  }

  /**
   * Does the work with the first server with which it can be done. The work must be one that may be done twice: a search, or
   * opening a connection, never the bind of a user.
   * @throws IdentityFault of the last server that was tried; UPSTREAM_SUSPENDED when all are left alone
   */
  async attempt<Result>(
    work: (server: LdapServer) => Promise<Result>,
    { signal, first }: Round,
  ): Promise<Result> {
    const candidates = this.#candidates(first);
    if (candidates.length > 0) return this.#attemptEach(candidates, work, signal);
    if (this.#isProbing) throw new IdentityFault('UPSTREAM_SUSPENDED', 'No server of the directory answers.');
    this.#isProbing = true;
    try {
      return await this.#attemptEach([this.#longestAlone()], work, signal);
    } finally {
      this.#isProbing = false;
    }
  }

  /** @throws IdentityFault UPSTREAM_UNREACHABLE, UPSTREAM_TIMED_OUT, CONFIGURATION_INVALID */
  async open({ url }: LdapServer, signal: AbortSignal): Promise<LdapConnection> {
    const { connectTimeoutMs, startTls, tls } = this.#settings;
    const limit = AbortSignal.any([signal, AbortSignal.timeout(connectTimeoutMs)]);
    const { verify, serverName } = tls;
    const secureContext = () => this.#material.context();
    return new LdapConnection(await openSocket({ url, startTls, verify, serverName, secureContext }, limit));
  }

  /** Leaves a server alone. */
  pause({ url }: LdapServer): void {
    const server = this.#servers.find((each) => each.url === url);
    if (server !== undefined) server.badUntilMs = this.#now() + PAUSE_MS;
  }

  async #attemptEach<Result>(
    servers: readonly LdapServer[],
    work: (server: LdapServer) => Promise<Result>,
    signal: AbortSignal,
  ): Promise<Result> {
    let failure: unknown;
    for (const server of servers) {
      try {
        return await work(server);
      } catch (error) {
        // When the login was given up, that says nothing about the server.
        if (!isOutage(error) || signal.aborted) throw error;
        this.pause(server);
        failure = error;
      }
    }
    throw failure;
  }

  #candidates(first: number): readonly LdapServer[] {
    const nowMs = this.#now();
    const inOrder = [...this.#servers.slice(first), ...this.#servers.slice(0, first)];
    return inOrder.filter(({ badUntilMs }) => badUntilMs <= nowMs);
  }

  /** With all servers left alone, one login at a time finds out whether the directory is back. */
  #longestAlone(): LdapServer {
    return this.#servers.reduce((found, each) => (each.badUntilMs < found.badUntilMs ? each : found));
  }
}

/** Whether another server may do better. */
function isOutage(error: unknown): boolean {
  return (
    error instanceof IdentityFault &&
    (error.code === 'UPSTREAM_UNREACHABLE' || error.code === 'UPSTREAM_TIMED_OUT')
  );
}
