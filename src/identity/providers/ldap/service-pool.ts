/** Connections on which people are looked up, bound as ourselves, used one after the other and never bound as a user. */

import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { IdentityFault } from '../../decision.ts';
import { Secret } from '../../secret.ts';
import type { Surroundings } from '../../surroundings.ts';
import { type BindResult, type LdapConnection, RESULT } from './connection.ts';
import { Gate } from './gate.ts';
import type { LdapOptions } from './options.ts';
import { faultOf, isOutageResult } from './search-fault.ts';
import type { LdapServer, LdapServers, Round } from './servers.ts';
import type { LdapSettings } from './settings.ts';

/** Most look-ups that wait for a connection. */
const MAX_WAITING = 500;
/** Directories close what is silent for some minutes; a connection that is older than this is not used again. */
const MAX_IDLE_MS = 60_000;

interface Idle {
  readonly server: LdapServer;
  readonly connection: LdapConnection;
  readonly sinceMs: number;
}

export class ServicePool {
  readonly #settings: LdapSettings;
  readonly #servers: LdapServers;
  readonly #surroundings: Surroundings;
  readonly #gate: Gate;
  #idle: Idle[] = [];
  #isClosed = false;

  constructor(settings: LdapSettings, servers: LdapServers, surroundings: Surroundings) {
    this.#settings = settings;
    this.#servers = servers;
    this.#surroundings = surroundings;
    this.#gate = new Gate({ maxActive: settings.poolSize, maxWaiting: MAX_WAITING });
  }

  /**
   * Reads with a connection that is bound as ourselves; with another server where one fails.
   * @throws IdentityFault; whatever `work` throws
   */
  read<Result>(work: (connection: LdapConnection) => Promise<Result>, round: Round): Promise<Result> {
    return this.#gate.run(
      () => this.#servers.attempt((server) => this.#readFrom(server, work, round.signal), round),
      round.signal,
    );
  }

  close(): void {
    this.#isClosed = true;
    this.#discardIdle(() => true);
  }

  async #readFrom<Result>(
    server: LdapServer,
    work: (connection: LdapConnection) => Promise<Result>,
    signal: AbortSignal,
  ): Promise<Result> {
    const kept = this.#take(server);
    if (kept === undefined) return this.#use(server, await this.#open(server, signal), work);
    try {
      return await this.#use(server, kept, work);
    } catch (error) {
      // A connection that the server had closed meanwhile says nothing about the server.
      if (!(error instanceof IdentityFault) || error.code !== 'UPSTREAM_UNREACHABLE' || signal.aborted)
        throw error;
      this.#discardIdle((idle) => idle.server === server);
      return this.#use(server, await this.#open(server, signal), work);
    }
  }

  async #use<Result>(
    server: LdapServer,
    connection: LdapConnection,
    work: (connection: LdapConnection) => Promise<Result>,
  ): Promise<Result> {
    try {
      return await work(connection);
    } catch (error) {
      const fault = faultOf(error);
      // A server that is about to stop is not asked again on this connection.
      if (fault instanceof IdentityFault) connection.close();
      throw fault;
    } finally {
      this.#giveBack(server, connection);
    }
  }

  #take(server: LdapServer): LdapConnection | undefined {
    const oldestMs = this.#surroundings.now() - MAX_IDLE_MS;
    this.#discardIdle(({ connection, sinceMs }) => !connection.isOpen || sinceMs < oldestMs);
    const found = this.#idle.find((idle) => idle.server.url === server.url);
    this.#idle = this.#idle.filter((idle) => idle !== found);
    return found?.connection;
  }

  #giveBack(server: LdapServer, connection: LdapConnection): void {
    if (this.#isClosed || !connection.isOpen) connection.close();
    else this.#idle.push({ server, connection, sinceMs: this.#surroundings.now() });
  }

  #discardIdle(isUnwanted: (idle: Idle) => boolean): void {
    for (const idle of this.#idle.filter(isUnwanted)) idle.connection.close();
    this.#idle = this.#idle.filter((idle) => !isUnwanted(idle));
  }

  async #open(server: LdapServer, signal: AbortSignal): Promise<LdapConnection> {
    const connection = await this.#servers.open(server, signal);
    try {
      const result = await this.#bind(connection, signal);
      if (result.code === RESULT.success) return connection;
      if (isOutageResult(result.code))
        throw new IdentityFault('UPSTREAM_UNREACHABLE', `${server.url} answers with result ${result.code}.`);
      throw new IdentityFault(
        'CONFIGURATION_INVALID',
        `The directory does not accept our own credentials (result ${result.code}).`,
      );
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  async #bind(connection: LdapConnection, signal: AbortSignal): Promise<BindResult> {
    const { service, operationTimeoutMs: timeoutMs } = this.#settings;
    if (service === undefined) throw new IdentityFault('CONFIGURATION_INVALID', 'There is no service.');
    if (service.method === 'none') return { code: RESULT.success, diagnostic: '' };
    if (service.method === 'external') return connection.bindExternal({ timeoutMs, signal });
    const password = await this.#password(service);
    return connection.bind(service.dn, password, { timeoutMs, signal, asksForPolicy: false });
  }

  /** Read at every bind, so that a renewed password is used at once. */
  async #password(service: Extract<LdapOptions['service'], { method: 'simple' }>): Promise<Secret> {
    const { password, passwordFile } = service;
    if (password !== undefined) return new Secret(password);
    try {
      const text = await readFile(resolve(this.#surroundings.folder, passwordFile ?? ''), 'utf8');
      return new Secret(text.split(/\r?\n/, 1)[0] ?? '');
    } catch {
      throw new IdentityFault('CONFIGURATION_INVALID', 'The file of the service password cannot be read.');
    }
  }
}
