/** An SSH client for tests that keeps no rule unless it is told to: it can send anything at any time. */

import { type KeyObject, sign } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { ByteReader } from '../../wire/byte-reader.ts';
import { ByteWriter } from '../../wire/byte-writer.ts';
import { needsMac, protection } from '../cipher/suites.ts';
import { clientKeys, exchangeHash, type KeySeed, serverKeys } from '../kex/exchange-hash.ts';
import { Message } from '../message.ts';
import { MAX_PACKET_LENGTH, PacketReader, Scratch } from '../packet-reader.ts';
import { PacketWriter } from '../packet-writer.ts';
import { PaddingSource } from '../padding.ts';
import { type AlgorithmLists, encodeKexInit } from '../proposal.ts';
import { parsePublicKey, publicKeyFromKeyObject } from '../public-key.ts';
import { encodeSignature, signatureAlgorithm, verifySignature } from '../signature.ts';
import { CLIENT_KEX, type ClientKexOptions } from './client-kex.ts';

const IDENT = 'SSH-2.0-TestClient';

export interface HandshakeOptions extends ClientKexOptions {
  /** The identification line. */
  readonly ident?: string;
  readonly kex?: string;
  readonly cipher?: string;
  readonly mac?: string;
  readonly hostKey?: string;
  /** Listed behind `hostKey`. */
  readonly otherHostKeys?: readonly string[];
  readonly strict?: boolean;
  readonly extInfo?: boolean;
  /** Sent before KEXINIT. */
  readonly before?: readonly Buffer[];
  /** Sent between KEXINIT and the method's first message. */
  readonly between?: readonly Buffer[];
  readonly firstKexPacketFollows?: boolean;
  /** Given what comes that is no part of the exchange; without it such a message is an error. */
  readonly onOther?: (received: Received) => void;
}

export interface Received {
  readonly number: number;
  readonly message: ByteReader;
  readonly payload: Buffer;
}

export class TestClient {
  readonly stream: Duplex;
  sessionId: Buffer | undefined;
  /** Of the server, from the last key exchange. */
  hostKeyBlob: Buffer | undefined;
  readonly #reader = new PacketReader(new Scratch());
  readonly #writer: PacketWriter;
  #text = Buffer.alloc(0);
  #ident = IDENT;
  #serverIdent: string | undefined;
  #waiters: (() => void)[] = [];
  #isClosed = false;
  #isStrict = false;

  constructor(stream: Duplex) {
    this.stream = stream;
    this.#writer = new PacketWriter(stream, new PaddingSource(), new Scratch());
    this.#reader.maxPacketLength = MAX_PACKET_LENGTH;
    stream.on('data', (chunk: Buffer) => this.#onData(chunk));
    stream.on('error', () => undefined);
    for (const event of ['end', 'close'] as const) stream.on(event, () => this.#onClosed());
  }

  /** Resolves when the server has ended the connection, with everything it sent as text before the binary part. */
  async closed(): Promise<string> {
    while (!this.#isClosed) await this.#wait();
    return this.#text.toString('latin1');
  }

  send(payload: Uint8Array): void {
    this.#writer.write([payload]);
  }

  /** The next message; undefined when the connection is over. */
  async next(): Promise<Received | undefined> {
    for (;;) {
      const payload = this.#serverIdent === undefined ? undefined : this.#reader.next();
      if (payload !== undefined)
        return { number: payload[0] ?? 0, message: new ByteReader(payload, 1), payload };
      if (this.#isClosed) return undefined;
      await this.#wait();
    }
  }

  /** The next message, which must have this number. */
  async expect(number: number): Promise<Received> {
    const received = await this.next();
    if (received === undefined) throw new Error(`the connection ended, message ${number} was expected`);
    if (received.number === number) return received;
    const text =
      received.number === Message.DISCONNECT ? received.payload.subarray(9).toString('latin1') : '';
    throw new Error(`message ${received.number} came, ${number} was expected ${text}`);
  }

  async #expectPast(number: number, onOther?: (received: Received) => void): Promise<Received> {
    for (;;) {
      const received = await this.next();
      if (received === undefined) throw new Error(`the connection ended, message ${number} was expected`);
      if (received.number === number) return received;
      if (onOther === undefined || received.number === Message.DISCONNECT)
        throw new Error(`message ${received.number} came, ${number} was expected`);
      onOther(received);
    }
  }

  /** The server ends the connection: what it says last. */
  async expectDisconnect(): Promise<{ reason: number; text: string }> {
    for (;;) {
      const received = await this.next();
      if (received === undefined) return { reason: 0, text: '' };
      if (received.number !== Message.DISCONNECT) continue;
      return { reason: received.message.uint32(), text: received.message.string().toString() };
    }
  }

  sendIdent(line = IDENT): void {
    this.#ident = line;
    this.stream.write(`${line}\r\n`);
  }

  /** Identification and first key exchange. @returns the name of the host key algorithm that signed */
  async handshake(options: HandshakeOptions = {}): Promise<void> {
    this.sendIdent(options.ident);
    await this.exchangeKeys(options);
  }

  /** A key exchange; the first one, or a later one that we or the server began. */
  async exchangeKeys(options: HandshakeOptions = {}, serverKexInit?: Buffer): Promise<void> {
    const { kex = 'curve25519-sha256', cipher = 'aes128-gcm@openssh.com', hostKey = 'ssh-ed25519' } = options;
    const mac = options.mac ?? 'hmac-sha2-256-etm@openssh.com';
    const isInitial = this.sessionId === undefined;
    for (const payload of options.before ?? []) this.send(payload);
    const ours = this.#sendKexInit(
      { kex: [kex], hostKey: [hostKey, ...(options.otherHostKeys ?? [])], ciphers: [cipher], macs: [mac] },
      options,
    );
    for (const payload of options.between ?? []) this.send(payload);
    const method = CLIENT_KEX[kex]?.(options);
    if (method === undefined) throw new Error(`the test client does not know ${kex}`);
    this.send(method.first);
    const theirs = serverKexInit ?? (await this.#expectPast(Message.KEXINIT, options.onOther)).payload;
    const { hostKeyBlob, signature, hashFields, secret } = await method.finish({
      send: (payload) => this.send(payload),
      expect: async (number) => (await this.#expectPast(number, options.onOther)).message,
    });
    const transcript = {
      clientIdent: this.#ident,
      serverIdent: this.#serverIdent ?? '',
      clientKexInit: ours,
      serverKexInit: theirs,
      hostKeyBlob,
    };
    this.hostKeyBlob = hostKeyBlob;
    const hash = exchangeHash(method.hash, transcript, hashFields, secret);
    const algorithm = signatureAlgorithm(hostKey);
    if (
      algorithm === undefined ||
      !verifySignature(algorithm, parsePublicKey(hostKeyBlob), hash, signature)
    ) {
      throw new Error('the signature of the host key is wrong');
    }
    await this.#expectPast(Message.NEWKEYS, options.onOther);
    this.send(Buffer.from([Message.NEWKEYS]));
    this.sessionId ??= hash;
    if (isInitial) this.#isStrict = options.strict !== false;
    const seed: KeySeed = { hash: method.hash, secret, exchangeHash: hash, sessionId: this.sessionId };
    const chosen = protection(cipher, needsMac(cipher) ? mac : undefined);
    this.#writer.rekey(chosen.sealer(clientKeys(seed, chosen)), { resetSequence: this.#isStrict });
    this.#reader.rekey(chosen.opener(serverKeys(seed, chosen)), { resetSequence: this.#isStrict });
  }

  async startAuthentication(): Promise<void> {
    this.send(new ByteWriter().uint8(Message.SERVICE_REQUEST).string('ssh-userauth').finish());
    await this.expect(Message.SERVICE_ACCEPT);
  }

  sendPassword(userName: string, password: string): void {
    this.send(authRequest(userName, 'password').boolean(false).string(password).finish());
  }

  sendKeyboardInteractive(userName: string): void {
    this.send(authRequest(userName, 'keyboard-interactive').string('').string('').finish());
  }

  /** INFO_RESPONSE; `count` replaces the number of answers it claims to hold. */
  sendAnswers(answers: readonly (string | Buffer)[], count = answers.length): void {
    const response = new ByteWriter().uint8(Message.USERAUTH_INFO_RESPONSE).uint32(count);
    for (const answer of answers) response.string(answer);
    this.send(response.finish());
  }

  /** A query, or with `privateKey` a signed request; `overrides` replace what is signed. */
  sendPublicKey(
    userName: string,
    algorithm: string,
    key: KeyObject,
    privateKey?: KeyObject,
    overrides: {
      readonly userName?: string;
      readonly sessionId?: Buffer;
      readonly signatureName?: string;
    } = {},
  ): void {
    const { blob } = publicKeyFromKeyObject(key);
    const request = authRequest(userName, 'publickey')
      .boolean(privateKey !== undefined)
      .string(algorithm)
      .string(blob);
    if (privateKey === undefined) return this.send(request.finish());
    const signed = new ByteWriter()
      .string(overrides.sessionId ?? this.sessionId ?? '')
      .bytes(
        authRequest(overrides.userName ?? userName, 'publickey')
          .boolean(true)
          .string(algorithm)
          .string(blob)
          .finish(),
      )
      .finish();
    const suite = signatureAlgorithm(overrides.signatureName ?? algorithm);
    if (suite === undefined) throw new Error(`the test client does not know ${algorithm}`);
    const raw = sign(suite.hash, signed, { key: privateKey, dsaEncoding: 'ieee-p1363' });
    this.send(request.string(encodeSignature(suite, raw)).finish());
  }

  /** Logs in by password and opens a channel with the subsystem. @returns the server's channel number */
  async openSubsystem(name: string, window = 2 ** 21, maxPacket = 32_768): Promise<number> {
    const channel = await this.openSession(window, maxPacket);
    this.send(channelRequest(channel, 'subsystem', true).string(name).finish());
    await this.expect(Message.CHANNEL_SUCCESS);
    return channel;
  }

  async openSession(window = 2 ** 21, maxPacket = 32_768): Promise<number> {
    this.send(
      new ByteWriter()
        .uint8(Message.CHANNEL_OPEN)
        .string('session')
        .uint32(0)
        .uint32(window)
        .uint32(maxPacket)
        .finish(),
    );
    const { message } = await this.expect(Message.CHANNEL_OPEN_CONFIRMATION);
    message.uint32();
    return message.uint32();
  }

  sendData(channel: number, data: Uint8Array): void {
    this.send(
      new ByteWriter(data.length + 16).uint8(Message.CHANNEL_DATA).uint32(channel).string(data).finish(),
    );
  }

  #sendKexInit(proposal: AlgorithmLists, options: HandshakeOptions): Buffer {
    const markers = [
      ...(options.strict === false ? [] : ['kex-strict-c-v00@openssh.com']),
      ...(options.extInfo === true ? ['ext-info-c'] : []),
    ];
    const payload = encodeKexInit(proposal, Buffer.alloc(16, 7), this.sessionId === undefined ? markers : []);
    if (options.firstKexPacketFollows === true) payload[payload.length - 5] = 1;
    this.send(payload);
    return payload;
  }

  #onData(chunk: Buffer): void {
    if (this.#serverIdent !== undefined) this.#reader.push(chunk);
    else this.#onText(chunk);
    this.#wake();
  }

  #onText(chunk: Buffer): void {
    this.#text = Buffer.concat([this.#text, chunk]);
    const end = this.#text.indexOf('\r\n');
    if (end < 0) return;
    this.#serverIdent = this.#text.toString('latin1', 0, end);
    this.#reader.push(this.#text.subarray(end + 2));
  }

  #onClosed(): void {
    this.#isClosed = true;
    this.#wake();
  }

  #wait(): Promise<void> {
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter();
  }
}

export function authRequest(userName: string, method: string): ByteWriter {
  return new ByteWriter()
    .uint8(Message.USERAUTH_REQUEST)
    .string(userName)
    .string('ssh-connection')
    .string(method);
}

export function channelRequest(channel: number, type: string, wantsReply: boolean): ByteWriter {
  return new ByteWriter().uint8(Message.CHANNEL_REQUEST).uint32(channel).string(type).boolean(wantsReply);
}
