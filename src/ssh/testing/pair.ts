/** A server connection and a test client joined in memory. */

import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { type Duplex, duplexPair, PassThrough } from 'node:stream';
import type { ByteChannel, ByteChannelHandler } from '../../wire/byte-channel.ts';
import type { Authenticator } from '../authenticator.ts';
import { CIPHERS, MACS } from '../cipher/suites.ts';
import type { SshError } from '../error.ts';
import { HostKey } from '../host-key.ts';
import { KexGate } from '../kex/gate.ts';
import { KEX_METHODS } from '../kex/method.ts';
import { Scratch } from '../packet-reader.ts';
import { PaddingSource } from '../padding.ts';
import type { Agreement, Proposal } from '../proposal.ts';
import {
  ServerConnection,
  type ServerConnectionOptions,
  type SharedResources,
} from '../server-connection.ts';
import { USER_SIGNATURE_ALGORITHMS } from '../signature.ts';
import { Turns } from '../turns.ts';
import { WindowBudget } from '../window-budget.ts';
import { type HandshakeOptions, TestClient } from './client.ts';

export const PASSWORD = 'correct horse';

/** All that there is, whether or not a policy would have it. */
export const EVERY_ALGORITHM: Proposal = {
  kex: Object.keys(KEX_METHODS),
  hostKey: [
    'ssh-ed25519',
    'ecdsa-sha2-nistp256',
    'ecdsa-sha2-nistp384',
    'ecdsa-sha2-nistp521',
    'rsa-sha2-512',
    'rsa-sha2-256',
    'ssh-rsa',
  ],
  ciphers: Object.keys(CIPHERS),
  macs: Object.keys(MACS),
  userSignatures: USER_SIGNATURE_ALGORITHMS,
};

/** Host keys of every type, made once for a test file. */
export function makeHostKeys(): readonly HostKey[] {
  const keys: KeyObject[] = [
    generateKeyPairSync('ed25519').privateKey,
    generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey,
    generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
  ];
  return keys.map((key) => new HostKey(key));
}

/** Lets in whoever knows the password, and nobody by key. Counts what it is asked. */
export class PasswordAuthenticator implements Authenticator<string> {
  readonly methods: Authenticator<string>['methods'] = ['publickey', 'password'];
  calls = 0;

  async password({ userName, password }: { userName: string; password: string }) {
    this.calls++;
    return password === PASSWORD
      ? ({ outcome: 'accepted', identity: userName } as const)
      : ({ outcome: 'refused', methods: this.methods } as const);
  }

  async acceptsKey(): Promise<boolean> {
    this.calls++;
    return false;
  }

  async keyProven() {
    this.calls++;
    return { outcome: 'refused', methods: this.methods } as const;
  }
}

/** Sends back what it gets, and credits it when it has left. */
export function echo(channel: ByteChannel): ByteChannelHandler {
  return {
    onData: (view) => channel.send([view], () => channel.credit(view.length)),
    onEnd: () => channel.finish(0),
    onDrain: () => undefined,
    onClose: () => undefined,
  };
}

/** What connections of one process share. */
export function sharedResources(kexGate = new KexGate()): SharedResources {
  return {
    padding: new PaddingSource(),
    scratch: new Scratch(),
    budget: new WindowBudget(2 ** 28),
    kexGate,
    turns: new Turns(),
  };
}

export interface Pair {
  readonly client: TestClient;
  readonly server: ServerConnection<string>;
  /** How the server's side ended. */
  readonly closed: Promise<SshError>;
  readonly authenticated: string[];
  readonly agreements: Agreement[];
}

export type PairOptions = Partial<ServerConnectionOptions<string>> & {
  readonly hostKeys: readonly HostKey[];
  /** Cuts what the client sends into pieces of this many bytes. */
  readonly pieceBytes?: number;
};

export function connect(options: PairOptions): Pair {
  const [serverSide, clientSide] = duplexPair();
  const authenticated: string[] = [];
  const agreements: Agreement[] = [];
  const { promise: closed, resolve } = Promise.withResolvers<SshError>();
  const server = new ServerConnection<string>({
    stream: serverSide,
    softwareVersion: 'Drawbridge_test',
    proposal: EVERY_ALGORITHM,
    authenticator: new PasswordAuthenticator(),
    shared: sharedResources(),
    startSession: (_identity, request, channel) =>
      request.type === 'subsystem' && request.name === 'echo' ? echo(channel) : undefined,
    ...options,
    onNegotiated: (agreement) => agreements.push(agreement),
    onAuthenticated: (identity) => authenticated.push(identity),
    onClosed: resolve,
  });
  const stream = options.pieceBytes === undefined ? clientSide : inPieces(clientSide, options.pieceBytes);
  const client = new TestClient(stream);
  server.start();
  return { client, server, closed, authenticated, agreements };
}

/** A client that is connected, has keys and has logged in. */
export async function logIn(options: PairOptions, handshake: HandshakeOptions = {}): Promise<Pair> {
  const pair = connect(options);
  await pair.client.handshake(handshake);
  await pair.client.startAuthentication();
  pair.client.sendPassword('alice', PASSWORD);
  await pair.client.expect(52);
  return pair;
}

function inPieces(stream: Duplex, pieceBytes: number): Duplex {
  const write = stream.write.bind(stream);
  const pieces = new PassThrough();
  pieces.on('data', (chunk: Buffer) => {
    for (let at = 0; at < chunk.length; at += pieceBytes) write(chunk.subarray(at, at + pieceBytes));
  });
  return Object.assign(stream, { write: (chunk: Buffer | string) => pieces.write(chunk) });
}
