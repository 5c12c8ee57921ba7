/** One client's SSH connection: transport, authentication and channels put together. */

import type { Duplex } from 'node:stream';
import type { ByteChannel, ByteChannelHandler } from '../wire/byte-channel.ts';
import type { ByteReader } from '../wire/byte-reader.ts';
import { Authentication, DEFAULT_MAX_FAILURES, type SessionLimits } from './authentication.ts';
import type { Authenticator } from './authenticator.ts';
import { Connection } from './connection.ts';
import { SshError, toSshError } from './error.ts';
import type { HostKey } from './host-key.ts';
import { HostKeyProof } from './host-key-proof.ts';
import type { KexGate } from './kex/gate.ts';
import { Message } from './message.ts';
import type { Scratch } from './packet-reader.ts';
import type { PaddingSource } from './padding.ts';
import type { Agreement, Proposal } from './proposal.ts';
import type { SessionRequest } from './session-channel.ts';
import { Transport } from './transport.ts';
import type { Turns } from './turns.ts';
import type { WindowBudget } from './window-budget.ts';

/** From the first byte to a proven user; OpenSSH's LoginGraceTime. */
export const DEFAULT_LOGIN_GRACE_MS = 120_000;
/** Without a byte from the client; AWS's idle time. */
export const DEFAULT_IDLE_TIMEOUT_MS = 1_800_000;

/** What connections of one process share. */
export interface SharedResources {
  readonly padding: PaddingSource;
  readonly scratch: Scratch;
  readonly budget: WindowBudget;
  readonly kexGate: KexGate;
  readonly turns: Turns;
}

export interface ServerConnectionOptions<Identity> {
  readonly stream: Duplex;
  /** Product name in the identification line, printable ASCII without spaces. */
  readonly softwareVersion: string;
  readonly hostKeys: readonly HostKey[];
  readonly proposal: Proposal;
  readonly authenticator: Authenticator<Identity>;
  readonly shared: SharedResources;
  /** Shown before the login; empty for none. */
  readonly banner?: string;
  /** Shown to who has logged in; empty for none. */
  readonly postAuthenticationBanner?: string;
  /** Where the client really comes from, as text. Without it no key that is bound to addresses logs in. */
  readonly sourceAddress?: string;
  /** Failed passwords and signatures before the connection ends. */
  readonly maxLoginFailures?: number;
  readonly loginGraceMs?: number;
  readonly idleTimeoutMs?: number;
  /** New keys are asked for after this many bytes in one direction, or earlier where the cipher wants that. */
  readonly rekeyBytes?: number;
  /** And after this time; never where absent. */
  readonly rekeyMs?: number;
  /** The client sent a KEXINIT we could agree with: what was agreed, and who it says it is. */
  onNegotiated?(agreement: Agreement, clientIdent: string): void;
  /** The user is proven. Called at most once. A throw ends the connection. */
  onAuthenticated(identity: Identity): void;
  /** Starts what the client asked a new channel to run; undefined where there is no such thing. */
  startSession(
    identity: Identity,
    request: SessionRequest,
    channel: ByteChannel,
  ): ByteChannelHandler | undefined;
  /** The connection is over. Called once, always; the code is CLOSED_BY_CLIENT or CONNECTION_LOST in the good cases. */
  onClosed(error: SshError): void;
}

/** Life: construct → `start` → `close`, or the client's end of it. */
export class ServerConnection<Identity> {
  readonly #options: ServerConnectionOptions<Identity>;
  readonly #transport: Transport;
  readonly #authentication: Authentication<Identity>;
  readonly #abort = new AbortController();
  #connection: Connection | undefined;
  #agreement: Agreement | undefined;
  #loginTimer: NodeJS.Timeout | undefined;
  #idleTimer: NodeJS.Timeout | undefined;

  constructor(options: ServerConnectionOptions<Identity>) {
    this.#options = options;
    const { stream, hostKeys, proposal, shared, softwareVersion, rekeyBytes, rekeyMs } = options;
    this.#transport = new Transport(
      {
        stream,
        ident: `SSH-2.0-${softwareVersion}`,
        hostKeys,
        proposal,
        padding: shared.padding,
        scratch: shared.scratch,
        kexGate: shared.kexGate,
        turns: shared.turns,
        signal: this.#abort.signal,
        ...(rekeyBytes === undefined ? {} : { rekeyBytes }),
        ...(rekeyMs === undefined ? {} : { rekeyMs }),
      },
      {
        onMessage: (number, message) => this.#onMessage(number, message),
        onKeys: (agreement) => {
          this.#agreement = agreement;
          options.onNegotiated?.(agreement, this.#transport.clientIdent);
        },
        onWritable: () => this.#connection?.flush(),
        onClose: (error) => this.#onClose(error),
      },
    );
    this.#authentication = new Authentication({
      authenticator: options.authenticator,
      sessionId: () => this.#transport.sessionId,
      userSignatures: proposal.userSignatures,
      sourceAddress: options.sourceAddress,
      banner: options.banner ?? '',
      postAuthenticationBanner: options.postAuthenticationBanner ?? '',
      maxFailures: options.maxLoginFailures ?? DEFAULT_MAX_FAILURES,
      signal: this.#abort.signal,
      send: (payload) => this.#transport.send(payload),
      hold: () => this.#transport.hold(),
      succeed: (identity, limits) => this.#succeed(identity, limits),
      fail: (error) => this.#transport.fail(error),
    });
  }

  /** Aborts when the connection is over. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get clientIdent(): string {
    return this.#transport.clientIdent;
  }

  start(): void {
    const graceMs = this.#options.loginGraceMs ?? DEFAULT_LOGIN_GRACE_MS;
    this.#loginTimer = setTimeout(() => {
      this.#transport.fail(new SshError('LOGIN_TIMEOUT', `the login took more than ${graceMs / 1000} s`));
    }, graceMs).unref();
    this.#transport.start();
  }

  /** Ends the connection in order, telling the client why. */
  close(message: string): void {
    this.#transport.fail(new SshError('CLOSED_BY_SERVER', message));
  }

  #onMessage(number: number, message: ByteReader): void {
    this.#idleTimer?.refresh();
    if (number === Message.SERVICE_REQUEST) {
      this.#authentication.onServiceRequest(message);
      this.#transport.beginAuthentication();
    } else if (number === Message.USERAUTH_REQUEST) {
      this.#authentication.onRequest(message);
    } else if (number === Message.USERAUTH_INFO_RESPONSE) {
      this.#authentication.onInfoResponse(message);
    } else {
      this.#openConnection().onMessage(number, message);
    }
  }

  #openConnection(): Connection {
    if (this.#connection === undefined)
      throw new SshError('MESSAGE_UNEXPECTED', 'the user is not authenticated');
    return this.#connection;
  }

  /** The only transition to an open session. */
  #succeed(identity: Identity, { isSftpForced }: SessionLimits): void {
    clearTimeout(this.#loginTimer);
    const { shared, startSession } = this.#options;
    const hostKeyProof = this.#hostKeyProof();
    this.#connection = new Connection({
      transport: this.#transport,
      hostKeyProof,
      budget: shared.budget,
      startSession: (request, channel) =>
        isSftpForced && !isSftp(request) ? undefined : startSession(identity, request, channel),
    });
    this.#transport.openConnectionProtocol();
    const idleMs = this.#options.idleTimeoutMs ?? DEFAULT_IDLE_TIMEOUT_MS;
    this.#idleTimer = setTimeout(() => {
      this.#transport.fail(new SshError('IDLE_TIMEOUT', `nothing came for ${idleMs / 1000} s`));
    }, idleMs).unref();
    this.#options.onAuthenticated(identity);
    const announcement = hostKeyProof.announcementFor(this.#transport.clientIdent);
    if (announcement !== undefined) this.#transport.send(announcement);
  }

  /** Keys that the proposal has no algorithm for are not told: a client that pinned one could not connect with it. */
  #hostKeyProof(): HostKeyProof {
    const { hostKeys, proposal } = this.#options;
    return new HostKeyProof({
      hostKeys: hostKeys.filter(({ algorithms }) =>
        algorithms.some((name) => proposal.hostKey.includes(name)),
      ),
      sessionId: this.#transport.sessionId,
      rsaAlgorithm: this.#agreement?.rsaAlgorithm,
    });
  }

  #onClose(error: SshError): void {
    clearTimeout(this.#loginTimer);
    clearTimeout(this.#idleTimer);
    this.#abort.abort(error);
    this.#options.onClosed(this.#abandonChannels() ?? error);
  }

  /** What a handler throws at the end must not keep the connection from being counted as closed. */
  #abandonChannels(): SshError | undefined {
    try {
      this.#connection?.abandon();
      return undefined;
    } catch (error) {
      return toSshError(error);
    }
  }
}

function isSftp(request: SessionRequest): boolean {
  return request.type === 'subsystem' && request.name === 'sftp';
}
