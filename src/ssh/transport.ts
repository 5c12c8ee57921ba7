/** The transport layer: identification, incoming packets and who handles them, key exchange (RFC 4253). */

import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { ByteReader } from '../wire/byte-reader.ts';
import { ByteWriter } from '../wire/byte-writer.ts';
import { rekeyBytes } from './cipher/suites.ts';
import { SshError, sanitised, toSshError } from './error.ts';
import type { HostKey } from './host-key.ts';
import { IdentReader } from './ident.ts';
import type { KexGate } from './kex/gate.ts';
import { KeyExchange, type KeyExchangeResult } from './key-exchange.ts';
import { isKexMessage, Message } from './message.ts';
import { Output } from './output.ts';
import { MAX_PACKET_LENGTH, PacketReader, type Scratch } from './packet-reader.ts';
import type { PaddingSource } from './padding.ts';
import { type Phase, verdict } from './phase.ts';
import type { Agreement, Proposal } from './proposal.ts';
import { TurnAccount, type Turns } from './turns.ts';

/** Input that may wait while an asynchronous step runs; past it the socket is paused. */
const MAX_HELD_INPUT_BYTES = 256 * 1024;
/** The first key exchange must end within this time. */
const KEX_TIMEOUT_MS = 30_000;
/** A later one: our KEXINIT stands behind all output that is under way, megabytes on a line that may be slow. */
const REKEY_TIMEOUT_MS = 300_000;
/** RFC 4344 section 3.1: rekey before 2^31 packets, whatever the cipher. */
const REKEY_PACKETS = 2 ** 31;
/**
 * Messages without an effect (IGNORE, DEBUG, PING) before the login. Clients send a handful, to hide their timing. Also
 * keeps the sequence number far from its wrap, which could hide a packet that was taken away (CVE-2023-48795).
 */
const MAX_NOTES_BEFORE_LOGIN = 256;
/** Clients want new keys after an hour or a gigabyte, so never before the login. A made-up exchange costs us more than them. */
const MAX_REKEYS_BEFORE_LOGIN = 8;

export interface TransportOptions {
  readonly stream: Duplex;
  /** `SSH-2.0-…` without line end. */
  readonly ident: string;
  readonly hostKeys: readonly HostKey[];
  readonly proposal: Proposal;
  readonly padding: PaddingSource;
  readonly scratch: Scratch;
  readonly turns: Turns;
  readonly kexGate: KexGate;
  /** Aborts when the connection is over: a key exchange under way is given up. */
  readonly signal: AbortSignal;
  /** Bytes in one direction after which we ask for new keys, or earlier where the cipher wants that. */
  readonly rekeyBytes?: number;
  /** Age of the keys at which we ask for new ones; unlimited where absent. */
  readonly rekeyMs?: number;
}

/** What the layers above are told. */
export interface TransportHandler {
  /** A message of the present phase, number included. May throw: the connection ends. */
  onMessage(number: number, message: ByteReader): void;
  /** The first key exchange is over. */
  onKeys(agreement: Agreement): void;
  /** Channels may produce again. */
  onWritable(): void;
  /** Called once, always; nothing else is called afterwards. */
  onClose(error: SshError): void;
}

/** What one direction has done with its keys. */
interface KeyUse {
  readonly bytesSinceRekey: number;
  readonly packetsSinceRekey: number;
}

/** Life: construct → `start` → messages → `fail`, or the peer's end. Every failure ends in `onClose` and nowhere else. */
export class Transport {
  readonly #options: TransportOptions;
  readonly #handler: TransportHandler;
  readonly #reader: PacketReader;
  readonly #output: Output;
  readonly #turns: TurnAccount;
  #identReader: IdentReader | undefined = new IdentReader();
  #clientIdent = '';
  #phase: Phase = 'kex';
  #kex: KeyExchange | undefined;
  #kexTimer: NodeJS.Timeout | undefined;
  #sessionId: Buffer | undefined;
  #keysSinceMs = 0;
  /** Bytes in one direction after which we ask for new keys. */
  #rekeyBytes = Number.POSITIVE_INFINITY;
  #isStrict = false;
  #acceptsExtInfo = false;
  #holds = 0;
  /** One of the holds is for our turn, and soon over. */
  #awaitsTurn = false;
  /** How the peer went. What it sent before may still wait for its turn. */
  #loss: SshError | undefined;
  #notesBeforeLogin = 0;
  #rekeysBeforeLogin = 0;
  #isPaused = false;
  #isEnded = false;

  constructor(options: TransportOptions, handler: TransportHandler) {
    this.#options = options;
    this.#handler = handler;
    this.#reader = new PacketReader(options.scratch);
    this.#turns = new TurnAccount(options.turns);
    this.#output = new Output(options, {
      onWritable: () => this.#guarded(() => handler.onWritable()),
      onOverflow: (error) => this.fail(error),
    });
  }

  /** Sends our identification and KEXINIT in the first packet and begins to listen. */
  start(): void {
    const { stream, ident } = this.#options;
    stream.on('data', (chunk: Buffer) => this.#guarded(() => this.#onChunk(chunk)));
    stream.on('error', (cause) => this.#onLost('the connection broke', { cause }));
    stream.on('end', () => this.#onLost('the client closed the connection'));
    stream.on('close', () => this.#onLost('the connection is closed'));
    this.#output.start(ident);
    this.#beginKex();
  }

  /** The client's identification line; empty until it came. */
  get clientIdent(): string {
    return this.#clientIdent;
  }

  /** H of the first exchange. @throws SshError INTERNAL before it */
  get sessionId(): Buffer {
    if (this.#sessionId === undefined) throw new SshError('INTERNAL', 'there is no session id yet');
    return this.#sessionId;
  }

  /** Whether bulk data may be sent now: no key exchange in the way, and the stream takes more. */
  get isWritable(): boolean {
    return this.#output.isWritable;
  }

  /** The user is proven: from now on the connection protocol is spoken, with packets of full size. */
  openConnectionProtocol(): void {
    this.#phase = 'open';
    this.#reader.maxPacketLength = MAX_PACKET_LENGTH;
    this.#output.raiseLimit();
  }

  beginAuthentication(): void {
    this.#phase = 'auth';
  }

  /** Sends a message; during a key exchange it waits for the new keys. Never throws: a failure ends the connection. */
  send(payload: Buffer): void {
    this.#output.send(payload);
  }

  /** Sends bulk data: the parts make one message. Only while `isWritable`; the parts may be reused afterwards. */
  sendParts(parts: readonly Uint8Array[]): void {
    let byteCount = 0;
    for (const part of parts) byteCount += part.length;
    this.#turns.moved(byteCount);
    this.#output.sendParts(parts);
  }

  /** Stops handing out messages until `release` is called: authentication is answered one request at a time. */
  hold(): () => void {
    this.#holds++;
    let isReleased = false;
    return () => {
      if (isReleased) return;
      isReleased = true;
      this.#holds--;
      this.#guarded(() => this.#process());
    };
  }

  /** A client may close a file, say good-bye and go, all at once: what only waits for its turn is handled first. */
  #onLost(message: string, options?: ErrorOptions): void {
    this.#loss ??= new SshError('CONNECTION_LOST', message, options);
    this.#guarded(() => this.#process());
  }

  /** Runs `step` at the connection's own risk: what it throws ends this connection and no other. */
  #guarded(step: () => void): void {
    if (this.#isEnded) return;
    try {
      step();
    } catch (error) {
      this.fail(error);
    }
  }

  /** Ends the connection because of `error`, telling the client where that is still possible. */
  fail(error: unknown): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    clearTimeout(this.#kexTimer);
    const sshError = toSshError(error);
    this.#sayGoodbye(sshError);
    this.#handler.onClose(sshError);
  }

  #sayGoodbye(error: SshError): void {
    const isGone = error.code === 'CONNECTION_LOST' || error.code === 'CLOSED_BY_CLIENT';
    if (isGone) this.#output.abandon();
    else if (this.#identReader !== undefined) this.#output.turnAway();
    else this.#output.disconnect(error);
  }

  #onChunk(chunk: Buffer): void {
    if (this.#identReader !== undefined) {
      const ident = this.#identReader.push(chunk);
      if (ident === undefined) return;
      this.#identReader = undefined;
      this.#clientIdent = ident.line;
      chunk = ident.rest;
    }
    this.#reader.push(chunk);
    this.#process();
    if (this.#holds > 0 && this.#reader.bufferedBytes > MAX_HELD_INPUT_BYTES && !this.#isPaused) {
      this.#isPaused = true;
      this.#options.stream.pause();
    }
  }

  #process(): void {
    while (this.#holds === 0 && !this.#isEnded) {
      const payload = this.#reader.next();
      if (payload === undefined) break;
      this.#dispatch(payload);
      if (!this.#turns.received(payload.length, this.#reader.bufferedBytes > 0)) this.#awaitTurn();
    }
    if (this.#loss !== undefined && !this.#awaitsTurn) throw this.#loss;
    if (this.#holds === 0 && this.#isPaused && !this.#isEnded) {
      this.#isPaused = false;
      this.#options.stream.resume();
    }
  }

  #awaitTurn(): void {
    const release = this.hold();
    this.#awaitsTurn = true;
    this.#turns.wait(() => {
      this.#awaitsTurn = false;
      release();
    });
  }

  #countNote(): void {
    if (this.#phase === 'open') return;
    this.#notesBeforeLogin++;
    if (this.#notesBeforeLogin > MAX_NOTES_BEFORE_LOGIN)
      throw new SshError('MESSAGE_UNEXPECTED', 'too many messages without an effect before the login');
  }

  #dispatch(payload: Buffer): void {
    const number = payload[0] ?? 0;
    const kex = { isRunning: this.#kex?.hasPeerStarted === true, isStrict: this.#isStrict };
    switch (verdict(this.#phase, number, kex)) {
      case 'ignore':
        return this.#countNote();
      case 'unimplemented':
        this.send(new ByteWriter().uint8(Message.UNIMPLEMENTED).uint32(this.#reader.lastSequence).finish());
        return;
      case 'refuse':
        throw new SshError('MESSAGE_UNEXPECTED', `message ${number} is not allowed now`);
      case 'handle':
        this.#handle(number, payload);
    }
  }

  #handle(number: number, payload: Buffer): void {
    const message = new ByteReader(payload, 1);
    const mayBeExtInfo = this.#acceptsExtInfo;
    this.#acceptsExtInfo = false;
    if (number === Message.DISCONNECT) throw clientDisconnect(message);
    if (isKexMessage(number)) return this.#onKexMessage(number, payload);
    if (number === Message.EXT_INFO) {
      // Only right behind NEWKEYS (RFC 8308 section 2.4): later it is an injection (CVE-2023-46445).
      if (!mayBeExtInfo) throw new SshError('MESSAGE_UNEXPECTED', 'EXT_INFO is not allowed now');
      return;
    }
    this.#handler.onMessage(number, message);
    if (this.#needsRekey()) this.#beginKex();
  }

  // --- key exchange

  #beginKex(): void {
    if (this.#kex !== undefined) return;
    const { hostKeys, proposal, ident, kexGate, signal } = this.#options;
    const isInitial = this.#sessionId === undefined;
    this.#kex = new KeyExchange({
      hostKeys,
      proposal,
      serverIdent: ident,
      isInitial,
      cookie: randomBytes(16),
      gate: kexGate,
      signal,
    });
    this.#output.beginKex(this.#kex.ourKexInit);
    const timeoutMs = isInitial ? KEX_TIMEOUT_MS : REKEY_TIMEOUT_MS;
    this.#kexTimer = setTimeout(() => {
      this.fail(new SshError('KEX_TIMEOUT', `the key exchange took more than ${timeoutMs / 1000} s`));
    }, timeoutMs).unref();
  }

  #onKexMessage(number: number, payload: Buffer): void {
    if (number === Message.KEXINIT) {
      this.#countRekey();
      this.#beginKex();
      this.#onKexInit(payload);
      return;
    }
    const kex = this.#kex;
    if (kex === undefined)
      throw new SshError('MESSAGE_UNEXPECTED', `message ${number} outside of a key exchange`);
    if (number === Message.NEWKEYS) {
      this.#onNewKeys(kex);
      return;
    }
    const step = kex.receive(number, payload);
    if (step === undefined) return;
    const release = this.hold();
    step
      .then((result) => this.#guarded(() => this.#onKexResult(result)))
      .catch((error: unknown) => this.fail(error))
      .finally(release);
  }

  #countRekey(): void {
    if (this.#phase === 'kex' || this.#phase === 'open') return;
    this.#rekeysBeforeLogin++;
    if (this.#rekeysBeforeLogin > MAX_REKEYS_BEFORE_LOGIN)
      throw new SshError('MESSAGE_UNEXPECTED', 'too many key exchanges before the login');
  }

  #onKexInit(payload: Buffer): void {
    const kex = this.#kex;
    if (kex === undefined) throw new SshError('INTERNAL', 'a key exchange was not begun');
    kex.receiveKexInit(payload, this.#clientIdent);
    if (!kex.isInitial) return;
    this.#isStrict = kex.clientWantsStrict;
    // Terrapin (CVE-2023-48795): with strict key exchange nothing may stand before the KEXINIT.
    if (this.#isStrict && this.#reader.lastSequence !== 0) {
      throw new SshError('MESSAGE_UNEXPECTED', 'a packet came before KEXINIT in a strict key exchange');
    }
  }

  #onKexResult(result: KeyExchangeResult): void {
    const kex = this.#kex;
    if (kex === undefined || this.#isEnded) return;
    this.#output.sendKex(result.reply);
    if (result.kind === 'continue') return;
    const isInitial = this.#sessionId === undefined;
    this.#sessionId ??= result.exchangeHash;
    const { sealer } = kex.deriveKeys(this.#sessionId);
    this.#output.finishKex({
      sealer,
      resetSequence: this.#isStrict,
      extInfo: isInitial && kex.clientWantsExtInfo ? extInfo(this.#options.proposal) : undefined,
    });
  }

  #onNewKeys(kex: KeyExchange): void {
    const { opener, agreement } = kex.finish();
    this.#reader.rekey(opener, { resetSequence: this.#isStrict });
    this.#kex = undefined;
    clearTimeout(this.#kexTimer);
    this.#keysSinceMs = performance.now();
    this.#rekeyBytes = Math.min(
      this.#options.rekeyBytes ?? Number.POSITIVE_INFINITY,
      rekeyBytes(agreement.cipherIn),
      rekeyBytes(agreement.cipherOut),
    );
    if (!kex.isInitial) return;
    this.#phase = 'service';
    this.#acceptsExtInfo = true;
    this.#handler.onKeys(agreement);
  }

  #needsRekey(): boolean {
    if (this.#phase !== 'open' || this.#kex !== undefined) return false;
    const { rekeyMs } = this.#options;
    // Looked at with each message only: keys that protect nothing may grow old.
    if (rekeyMs !== undefined && performance.now() - this.#keysSinceMs > rekeyMs) return true;
    return this.#hasWornKeys(this.#reader) || this.#hasWornKeys(this.#output);
  }

  #hasWornKeys(side: KeyUse): boolean {
    return side.bytesSinceRekey > this.#rekeyBytes || side.packetsSinceRekey > REKEY_PACKETS;
  }
}

function clientDisconnect(message: ByteReader): SshError {
  const reason = message.uint32();
  const text = sanitised(message.string().toString('latin1'));
  return new SshError('CLOSED_BY_CLIENT', `the client disconnected (${reason}): ${text}`);
}

/** RFC 8308: without server-sig-algs old clients would sign with SHA-1, newer ones not at all. */
function extInfo({ userSignatures }: Proposal): Buffer {
  return new ByteWriter()
    .uint8(Message.EXT_INFO)
    .uint32(1)
    .string('server-sig-algs')
    .nameList(userSignatures)
    .finish();
}
