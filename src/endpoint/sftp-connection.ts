/** One client of an SFTP endpoint: its SSH connection, its login and its SFTP channels, and what is recorded of them. */

import type { Socket } from 'node:net';
import type { HashPace } from '../sftp/hashing/hash-pace.ts';
import { type Agreement, NegotiationError, ServerConnection, type SshError } from '../ssh/index.ts';
import type { ActivityLog } from '../telemetry/activity.ts';
import { errorFields, type Log } from '../telemetry/log.ts';
import { keyFields, type LoggedIn, Login } from './login.ts';
import { hintForRefused, proposalOf } from './security-policy.ts';
import type { RegisteredConnection, SessionRegistry } from './session-registry.ts';
import { SessionServices } from './session-services.ts';
import type { SftpEndpointOptions } from './sftp-endpoint.ts';

export interface SftpConnectionOptions {
  readonly endpoint: SftpEndpointOptions;
  readonly socket: Socket;
  readonly sourceIp: string;
  readonly registry: SessionRegistry;
  readonly hashPace: HashPace;
  readonly log: Log;
  readonly activities: ActivityLog;
}

export class SftpConnection implements RegisteredConnection {
  readonly sourceIp: string;
  readonly #options: SftpConnectionOptions;
  readonly #ssh: ServerConnection<LoggedIn>;
  #services: SessionServices | undefined;
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
      proposal: proposalOf(endpoint.settings.securityPolicy),
      shared: endpoint.shared,
      banner: endpoint.settings.preAuthenticationBanner,
      postAuthenticationBanner: endpoint.settings.postAuthenticationBanner,
      sourceAddress: sourceIp,
      maxLoginFailures: endpoint.maxLoginFailures,
      loginGraceMs: endpoint.loginGraceMs,
      idleTimeoutMs: endpoint.idleTimeoutMs,
      rekeyBytes: endpoint.rekeyBytes,
      ...(endpoint.rekeyMs === undefined ? {} : { rekeyMs: endpoint.rekeyMs }),
      authenticator: new Login({ settings: endpoint.settings, sourceIp, log, activities }),
      onNegotiated: (agreement) => {
        this.#agreement = agreement;
      },
      onAuthenticated: (session) => this.#onAuthenticated(session),
      startSession: (_session, request, channel) => this.#services?.start(request, channel),
      onClosed: (error) => this.#onClosed(error),
    });
  }

  get isAuthenticated(): boolean {
    return this.#isAuthenticated;
  }

  get hasOpenFiles(): boolean {
    return this.#services?.hasOpenFiles ?? false;
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
    const { endpoint, hashPace, log } = this.#options;
    this.#services = new SessionServices({
      session,
      ignoresSetStat: endpoint.settings.ignoresSetStat,
      softwareVersion: endpoint.softwareVersion,
      hashPace,
      activities: this.#activities,
      log,
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

  #hintFor(error: SshError): { readonly hint?: string } {
    if (!(error instanceof NegotiationError)) return {};
    const { settings, hostKeys } = this.#options.endpoint;
    const algorithms = hostKeys.flatMap((key) => key.algorithms);
    return { hint: hintForRefused(error.offer, settings.securityPolicy, algorithms) };
  }

  #onClosed(error: SshError): void {
    this.#options.registry.remove(this);
    const reason = { code: error.code, message: error.message, 'source-ip': this.sourceIp };
    if (error.code === 'INTERNAL')
      this.#options.log.error(errorFields(error), 'a connection ended with an internal error');
    if (this.#isAuthenticated) this.#activities.record('DISCONNECTED', reason);
    else if (error.code.startsWith('KEX_'))
      this.#activities.record('KEX_FAILURE', { ...reason, ...this.#hintFor(error) });
    else this.#options.log.debug(reason, 'a connection ended before its login');
  }
}
