/** One client of an SFTP endpoint: its SSH connection, its login and its SFTP channels, and what is recorded of them. */

import type { Socket } from 'node:net';
import { SftpServer } from '../sftp/server.ts';
import {
  type Agreement,
  type ByteChannel,
  type ByteChannelHandler,
  ServerConnection,
  type SessionRequest,
  type SshError,
} from '../ssh/index.ts';
import type { ActivityLog } from '../telemetry/activity.ts';
import { errorFields, type Log } from '../telemetry/log.ts';
import { keyFields, type LoggedIn, Login } from './login.ts';
import type { RegisteredConnection, SessionRegistry } from './session-registry.ts';
import type { SftpEndpointOptions } from './sftp-endpoint.ts';
import { SftpRecorder } from './sftp-recorder.ts';

const SUBSYSTEM = 'sftp';

export interface SftpConnectionOptions {
  readonly endpoint: SftpEndpointOptions;
  readonly socket: Socket;
  readonly sourceIp: string;
  readonly registry: SessionRegistry;
  readonly log: Log;
  readonly activities: ActivityLog;
}

export class SftpConnection implements RegisteredConnection {
  readonly sourceIp: string;
  readonly #options: SftpConnectionOptions;
  readonly #ssh: ServerConnection<LoggedIn>;
  readonly #channels = new Set<SftpServer>();
  #activities: ActivityLog;
  #isAuthenticated = false;
  #agreement: Agreement | undefined;

  constructor(options: SftpConnectionOptions) {
    this.#options = options;
    this.sourceIp = options.sourceIp;
    this.#activities = options.activities;
    const { endpoint, socket, sourceIp, log, activities } = options;
    this.#ssh = new ServerConnection<LoggedIn>({
      stream: socket,
      softwareVersion: endpoint.softwareVersion,
      hostKeys: endpoint.hostKeys,
      proposal: endpoint.proposal,
      shared: endpoint.shared,
      banner: endpoint.settings.preAuthenticationBanner,
      maxLoginFailures: endpoint.maxLoginFailures,
      loginGraceMs: endpoint.loginGraceMs,
      idleTimeoutMs: endpoint.idleTimeoutMs,
      authenticator: new Login({ settings: endpoint.settings, sourceIp, log, activities }),
      onNegotiated: (agreement) => {
        this.#agreement = agreement;
      },
      onAuthenticated: (session) => this.#onAuthenticated(session),
      startSession: (session, request, channel) => this.#startSession(session, request, channel),
      onClosed: (error) => this.#onClosed(error),
    });
  }

  get isAuthenticated(): boolean {
    return this.#isAuthenticated;
  }

  get hasOpenFiles(): boolean {
    return [...this.#channels].some((channel) => channel.hasOpenFiles);
  }

  start(): void {
    this.#options.registry.add(this);
    this.#ssh.start();
  }

  close(message: string): void {
    this.#ssh.close(message);
  }

  #onAuthenticated(session: LoggedIn): void {
    const { grant, method, key } = session;
    this.#options.registry.authenticated(this);
    this.#isAuthenticated = true;
    this.#activities = this.#options.activities.for({
      user: grant.userName,
      'session-id': session.sessionId,
    });
    this.#activities.record('CONNECTED', {
      'source-ip': this.sourceIp,
      method,
      role: grant.role,
      // As on AWS: where the user lands in a PATH home, `/` in a LOGICAL one.
      'home-dir': grant.home.type === 'PATH' ? grant.home.directory : '/',
      client: this.#ssh.clientIdent,
      ciphers: `${this.#agreement?.cipherIn},${this.#agreement?.cipherOut}`,
      ...(this.#agreement === undefined ? {} : { kex: this.#agreement.kex }),
      ...(key === undefined ? {} : keyFields(key)),
    });
  }

  #startSession(
    session: LoggedIn,
    request: SessionRequest,
    channel: ByteChannel,
  ): ByteChannelHandler | undefined {
    if (request.type !== 'subsystem' || request.name !== SUBSYSTEM) return undefined;
    const server: SftpServer = new SftpServer({
      channel,
      fileSystem: session.fileSystem,
      home: session.grant.home.directory,
      userName: session.grant.userName,
      observer: new SftpRecorder(this.#activities, this.#options.log),
    });
    this.#channels.add(server);
    return {
      onData: (view) => server.onData(view),
      onEnd: () => server.onEnd(),
      onDrain: () => server.onDrain(),
      onClose: () => {
        server.onClose();
        this.#channels.delete(server);
      },
    };
  }

  #onClosed(error: SshError): void {
    this.#options.registry.remove(this);
    const reason = { code: error.code, message: error.message, 'source-ip': this.sourceIp };
    if (error.code === 'INTERNAL')
      this.#options.log.error(errorFields(error), 'a connection ended with an internal error');
    if (this.#isAuthenticated) this.#activities.record('DISCONNECTED', reason);
    else if (error.code.startsWith('KEX_')) this.#activities.record('KEX_FAILURE', reason);
    else this.#options.log.debug(reason, 'a connection ended before its login');
  }
}
