/** The listening socket of one Server for SFTP. */

import { createServer, type Server, type Socket } from 'node:net';
import { HashPace } from '../sftp/hashing/hash-pace.ts';
import type { HostKey, SharedResources } from '../ssh/index.ts';
import { ActivityLog } from '../telemetry/activity.ts';
import { errorFields, type Log } from '../telemetry/log.ts';
import type { ServerSettings } from './server-settings.ts';
import type { SessionRegistry } from './session-registry.ts';
import { SftpConnection } from './sftp-connection.ts';

/** Dead peers behind a lost network are found by the kernel after some of these. */
const TCP_KEEPALIVE_MS = 60_000;
/** Connections the kernel may queue while the process is busy. */
const LISTEN_BACKLOG = 1024;
const IPV4_MAPPED_PREFIX = '::ffff:';

export interface ListenAddress {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
}

export interface SftpEndpointOptions {
  readonly settings: ServerSettings;
  readonly listen: ListenAddress;
  readonly hostKeys: readonly HostKey[];
  readonly shared: SharedResources;
  /** Product name in the SSH identification line. */
  readonly softwareVersion: string;
  readonly maxLoginFailures: number;
  readonly loginGraceMs: number;
  readonly idleTimeoutMs: number;
  /** New keys are agreed on after this many bytes in one direction. */
  readonly rekeyBytes: number;
  /** And after this time; never where absent. */
  readonly rekeyMs: number | undefined;
  readonly registry: SessionRegistry;
  readonly log: Log;
}

/** An endpoint cannot listen; the message names the address and the fix. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
  readonly code = 'LISTEN_FAILED';
}

/** Life: construct → `start` → connections → `stopAccepting`. */
export class SftpEndpoint {
  readonly #options: SftpEndpointOptions;
  readonly #log: Log;
  readonly #activities: ActivityLog;
  readonly #hashPace = new HashPace();
  readonly #server: Server;

  constructor(options: SftpEndpointOptions) {
    this.#options = options;
    this.#log = options.log.child({ 'server-id': options.settings.serverId });
    this.#activities = new ActivityLog(this.#log);
    this.#server = createServer(
      { noDelay: true, keepAlive: true, keepAliveInitialDelay: TCP_KEEPALIVE_MS },
      (socket) => this.#onConnection(socket),
    );
  }

  /** Listens. @returns the address, with the real port. @throws ListenError */
  start(): Promise<ListenAddress> {
    const { host, port } = this.#options.listen;
    return new Promise((resolve, reject) => {
      this.#server.once('error', (error) => reject(listenError(error, this.#options.listen)));
      this.#server.listen({ host, port, backlog: LISTEN_BACKLOG }, () => {
        this.#server.removeAllListeners('error');
        this.#server.on('error', (error) =>
          this.#log.error(errorFields(error), 'the listening socket reported an error'),
        );
        const address = this.#server.address();
        const realPort = typeof address === 'object' && address !== null ? address.port : port;
        resolve({ host, port: realPort });
      });
    });
  }

  /** Takes no new connections; those that are open stay. */
  stopAccepting(): void {
    this.#server.close();
  }

  #onConnection(socket: Socket): void {
    const sourceIp = plainAddress(socket.remoteAddress);
    const refusal = sourceIp === undefined ? undefined : this.#options.registry.refusalFor(sourceIp);
    if (sourceIp === undefined) return void socket.destroy();
    if (refusal !== undefined) {
      this.#activities.record('CONNECTION_REJECTED', { 'source-ip': sourceIp, code: refusal });
      socket.on('error', () => socket.destroy());
      // Before the identification a server may send lines of text (RFC 4253 section 4.2).
      socket.end('Too many connections, try again later.\r\n', () => socket.destroy());
      return;
    }
    new SftpConnection({
      endpoint: this.#options,
      socket,
      sourceIp,
      registry: this.#options.registry,
      hashPace: this.#hashPace,
      log: this.#log,
      activities: this.#activities,
    }).start();
  }
}

/** Identity providers compare addresses as text: an IPv4 client of a dual-stack socket is shown as IPv4. */
export function plainAddress(address: string | undefined): string | undefined {
  return address?.startsWith(IPV4_MAPPED_PREFIX) ? address.slice(IPV4_MAPPED_PREFIX.length) : address;
}

function listenError(error: NodeJS.ErrnoException, { host, port }: ListenAddress): ListenError {
  const where = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const fixes: Readonly<Record<string, string>> = {
    EADDRINUSE: `the port is in use; stop what uses it or choose another port under listen`,
    EACCES: `not permitted; choose a port above 1023 under listen, or run with the right to bind low ports`,
    EADDRNOTAVAIL: `this machine has no such address; choose another host under listen`,
  };
  const fix = fixes[error.code ?? ''] ?? error.message;
  return new ListenError(`cannot listen on ${where}: ${fix}`, { cause: error });
}
