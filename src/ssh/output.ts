/** What leaves a connection: how much may be queued, what waits while keys are exchanged, and the last words. */

import type { Duplex } from 'node:stream';
import { ByteWriter } from '../wire/byte-writer.ts';
import type { PacketSealer } from './cipher/protection.ts';
import { SshError } from './error.ts';
import { Message } from './message.ts';
import type { Scratch } from './packet-reader.ts';
import { PacketWriter } from './packet-writer.ts';
import type { PaddingSource } from './padding.ts';

/** Output the stream may hold before channels stop producing. */
const OUTPUT_HIGH_WATER_BYTES = 1024 * 1024;
/** Output the stream may hold at all: a peer that asks and never reads is cut off. Bulk, and as much of small answers. */
const MAX_OUTPUT_BYTES = 2 * 1024 * 1024;
/** The same before the login. Answers are small then, and a waiting one costs some 20 times its bytes. */
const MAX_UNAUTHENTICATED_OUTPUT_BYTES = 64 * 1024;
/** Messages that may wait for the end of a key exchange. */
const MAX_DEFERRED_BYTES = 1024 * 1024;
/** What a waiting message counts beyond its bytes: most have fewer than ten. */
const DEFERRED_OVERHEAD_BYTES = 128;
/**
 * Packets of bulk data in a row, until others had their turn. A client may want its data in packets of 9 bytes: a whole
 * queue of them took 0.4 s at once.
 */
const MAX_BURST_PACKETS = 512;
/** How long the last words may take to leave before the socket is destroyed. */
const LINGER_MS = 2_000;

export interface OutputOptions {
  readonly stream: Duplex;
  readonly padding: PaddingSource;
  readonly scratch: Scratch;
}

/** What the transport is told. */
export interface OutputHandler {
  /** Bulk data may be sent again. */
  onWritable(): void;
  /** More is queued than may be: the connection is to end. */
  onOverflow(error: SshError): void;
}

/** How the output side goes on behind our NEWKEYS. */
export interface NewKeys {
  readonly sealer: PacketSealer;
  readonly resetSequence: boolean;
  /** EXT_INFO, if it is to be sent. */
  readonly extInfo: Buffer | undefined;
}

/** Life: construct → `start` → messages → one of `disconnect`, `turnAway` and `abandon`. Nothing leaves afterwards. */
export class Output {
  readonly #stream: Duplex;
  readonly #handler: OutputHandler;
  readonly #writer: PacketWriter;
  #maxQueuedBytes = MAX_UNAUTHENTICATED_OUTPUT_BYTES;
  /** We sent KEXINIT and not yet NEWKEYS: only messages of the key exchange may leave. */
  #isExchangingKeys = false;
  #deferred: Buffer[] = [];
  #deferredBytes = 0;
  #burstPackets = 0;
  #isBlocked = false;
  #isEnded = false;

  constructor({ stream, padding, scratch }: OutputOptions, handler: OutputHandler) {
    this.#stream = stream;
    this.#handler = handler;
    this.#writer = new PacketWriter(stream, padding, scratch);
  }

  /** Sends our identification line. It leaves together with what is sent in the same turn: our first KEXINIT. */
  start(ident: string): void {
    if (this.#isEnded) return;
    this.#stream.on('drain', () => this.#onDrain());
    this.#writer.writeText(`${ident}\r\n`);
  }

  /** Whether bulk data may be sent now: no key exchange in the way, and the stream takes more. */
  get isWritable(): boolean {
    if (this.#isEnded || this.#isExchangingKeys) return false;
    const isBurstOver = this.#burstPackets >= MAX_BURST_PACKETS;
    if (!isBurstOver && this.#writer.queuedBytes < OUTPUT_HIGH_WATER_BYTES) return true;
    // Stays set until the drain, even if there is room for the next one who asks: this one waits for it.
    this.#isBlocked = true;
    return false;
  }

  /** Packets sealed since the last change of keys. */
  get packetsSinceRekey(): number {
    return this.#writer.packetsSinceRekey;
  }

  /** Bytes sealed since the last change of keys. */
  get bytesSinceRekey(): number {
    return this.#writer.bytesSinceRekey;
  }

  /** The user is proven: from now on as much may be queued as bulk data needs. */
  raiseLimit(): void {
    this.#maxQueuedBytes = MAX_OUTPUT_BYTES;
  }

  /** Sends a message; during a key exchange it waits for the new keys. */
  send(payload: Buffer): void {
    if (this.#isEnded) return;
    if (!this.#isExchangingKeys) {
      this.#write([payload]);
      return;
    }
    this.#deferredBytes += payload.length + DEFERRED_OVERHEAD_BYTES;
    if (this.#deferredBytes > MAX_DEFERRED_BYTES) {
      this.#handler.onOverflow(new SshError('KEX_FAILED', 'too much is waiting for the key exchange to end'));
      return;
    }
    this.#deferred.push(payload);
  }

  /** Sends bulk data: the parts make one message. Only while `isWritable`; the parts may be reused afterwards. */
  sendParts(parts: readonly Uint8Array[]): void {
    this.#burstPackets++;
    if (this.#burstPackets === MAX_BURST_PACKETS) setImmediate(() => this.#endBurst());
    this.#write(parts);
  }

  /** Sends our KEXINIT. What is not `sendKex` waits from now on, until `finishKex`. */
  beginKex(kexInit: Buffer): void {
    this.#isExchangingKeys = true;
    this.sendKex(kexInit);
  }

  /** Sends a message of the key exchange: it waits for nothing. */
  sendKex(payload: Buffer): void {
    this.#write([payload]);
  }

  /** Sends NEWKEYS, and with the new keys what has waited for them. */
  finishKex({ sealer, resetSequence, extInfo }: NewKeys): void {
    this.sendKex(Buffer.from([Message.NEWKEYS]));
    this.#writer.rekey(sealer, { resetSequence });
    this.#isExchangingKeys = false;
    // RFC 8308 section 2.4: right behind NEWKEYS or not at all.
    if (extInfo !== undefined) this.#write([extInfo]);
    const deferred = this.#deferred;
    this.#forgetDeferred();
    for (const payload of deferred) this.#write([payload]);
    if (!this.#isEnded) this.#handler.onWritable();
  }

  /** Tells the client why, and closes the stream. */
  disconnect(error: SshError): void {
    this.#writer.write([disconnectMessage(error)]);
    this.#close();
  }

  /** Closes the stream to who did not say that it speaks SSH: in plain text, as it may be a person or a browser. */
  turnAway(): void {
    // Nothing of what came in is echoed: a browser made to connect here could be attacked with it (ALPACA).
    this.#writer.writeText('This is an SSH server.\r\n');
    this.#close();
  }

  /** Drops the stream with all that is queued: nobody is there to read it. */
  abandon(): void {
    this.#isEnded = true;
    this.#forgetDeferred();
    this.#stream.destroy();
  }

  #close(): void {
    const stream = this.#stream;
    this.#isEnded = true;
    this.#forgetDeferred();
    this.#writer.flush();
    stream.end();
    const timer = setTimeout(() => stream.destroy(), LINGER_MS).unref();
    stream.once('close', () => clearTimeout(timer));
    // Input may be paused, and its end would then never be seen.
    stream.resume();
  }

  #forgetDeferred(): void {
    this.#deferred = [];
    this.#deferredBytes = 0;
  }

  #write(parts: readonly Uint8Array[]): void {
    if (this.#isEnded) return;
    this.#writer.write(parts);
    if (this.#writer.queuedBytes > this.#maxQueuedBytes) {
      this.#handler.onOverflow(
        new SshError('PEER_NOT_READING', 'the client does not read what it asked for'),
      );
    }
  }

  #endBurst(): void {
    this.#burstPackets = 0;
    this.#onDrain();
  }

  #onDrain(): void {
    if (this.#isEnded || !this.#isBlocked) return;
    this.#isBlocked = false;
    this.#handler.onWritable();
  }
}

function disconnectMessage(error: SshError): Buffer {
  return new ByteWriter()
    .uint8(Message.DISCONNECT)
    .uint32(error.disconnectReason)
    .string(error.message)
    .string('')
    .finish();
}
