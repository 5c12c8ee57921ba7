/** One session channel: flow control both ways and the requests that start a subsystem (RFC 4254 sections 5 and 6). */

import { isUtf8 } from 'node:buffer';
import type { ByteChannel, ByteChannelHandler } from '../wire/byte-channel.ts';
import type { ByteReader } from '../wire/byte-reader.ts';
import { ByteWriter } from '../wire/byte-writer.ts';
import { SshError } from './error.ts';
import { Message } from './message.ts';
import type { WindowBudget } from './window-budget.ts';

/** Receive window at first: what OpenSSH gives. */
export const INITIAL_WINDOW_BYTES = 2 * 1024 * 1024;
/** A window that is used up within this time is made larger: below, the client is slower than any window. */
const QUICK_WINDOW_MS = 1000;
/** So much of it counts as used up: clients keep back what does not hold another packet. */
const USED_UP_SHARE = 0.75;
/** Receive window of a client that keeps it full: 160 MB/s over 100 ms. The most a channel can make us hold. */
const MAX_WINDOW_BYTES = 16 * 1024 * 1024;
/**
 * Largest CHANNEL_DATA we take. Far above the customary 32 KiB, so that a client can send a whole 255 KiB write in one
 * packet; with header and padding it stays within MAX_PACKET_LENGTH.
 */
export const MAX_RECEIVED_DATA_BYTES = 256 * 1024 - 512;
/** Largest CHANNEL_DATA we send, whatever the client would take. */
const MAX_SENT_DATA_BYTES = 128 * 1024;
/** Messages that may come before the subsystem is there: clients send INIT and little else, and each costs an object. */
const MAX_EARLY_MESSAGES = 1024;
/** `pendingBytes` under which the handler is told to go on. */
const SEND_LOW_WATER_BYTES = 512 * 1024;
/** RFC 4254 section 5.2: a window never exceeds 2^32 - 1. */
const MAX_PEER_WINDOW = 2 ** 32 - 1;
const DATA_HEADER_BYTES = 9;
/** SSH_EXTENDED_DATA_STDERR, RFC 4254 section 5.2. */
const STDERR = 1;
const NO_BYTES = Buffer.alloc(0);

/** The part of the transport a channel uses. */
export interface ChannelTransport {
  readonly isWritable: boolean;
  send(payload: Buffer): void;
  sendParts(parts: readonly Uint8Array[]): void;
}

/** What a client asks a session channel to run (RFC 4254 section 6.5). Nothing of it is ever given to a shell. */
export type SessionRequest =
  | { readonly type: 'subsystem'; readonly name: string }
  | { readonly type: 'exec'; readonly command: string };

export interface SessionChannelOptions {
  readonly peerId: number;
  readonly peerWindow: number;
  readonly peerMaxPacket: number;
  readonly transport: ChannelTransport;
  readonly budget: WindowBudget;
  /** Starts what was asked for; undefined where there is no such thing. */
  startSession(request: SessionRequest, channel: ByteChannel): ByteChannelHandler | undefined;
  /** Both sides have closed. */
  onClosed(): void;
}

/** Bytes waiting for window and transport. */
interface Outgoing {
  readonly views: readonly Uint8Array[];
  readonly release: (() => void) | undefined;
}

export class SessionChannel implements ByteChannel {
  readonly #options: SessionChannelOptions;
  #handler: ByteChannelHandler | undefined;
  /** Data that came before the handler was there; bounded by the window and in number. */
  #early: Buffer[] = [];
  #hasEnded = false;
  // Receiving.
  #localWindow = INITIAL_WINDOW_BYTES;
  #targetWindow = INITIAL_WINDOW_BYTES;
  #uncredited = 0;
  #receivedSinceLook = 0;
  #lookedMs = performance.now();
  // Sending.
  #peerWindow: number;
  #queue: Outgoing[] = [];
  /** Text for the client's stderr, sent behind `#queue`: no order is promised between the two. */
  #errors: Buffer[] = [];
  #viewIndex = 0;
  #viewOffset = 0;
  #pendingBytes = 0;
  #wasFull = false;
  #exitStatus: number | undefined;
  #hasSentClose = false;
  #hasReceivedClose = false;

  constructor(options: SessionChannelOptions) {
    this.#options = options;
    this.#peerWindow = options.peerWindow;
  }

  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  // --- ByteChannel

  send(views: readonly Uint8Array[], release?: () => void): void {
    if (this.#hasSentClose) {
      release?.();
      return;
    }
    for (const view of views) this.#pendingBytes += view.length;
    this.#queue.push({ views, release });
    if (this.#pendingBytes >= SEND_LOW_WATER_BYTES) this.#wasFull = true;
    this.flush();
  }

  sendError(text: string): void {
    if (this.#hasSentClose) return;
    const bytes = Buffer.from(text);
    this.#pendingBytes += bytes.length;
    this.#errors.push(bytes);
    this.flush();
  }

  /**
   * Credit goes back in big steps: hundreds of small adjusts a second cost more than they bring. A client that uses up a
   * whole window quickly may be limited by it, so its window grows while the process's budget allows: on a long line
   * from 2 to 16 MiB within four round trips.
   */
  credit(byteCount: number): void {
    this.#uncredited += byteCount;
    if (this.#hasReceivedClose || this.#hasSentClose || this.#uncredited < this.#targetWindow / 4) return;
    let grant = this.#uncredited;
    if (this.#isUsedUpQuickly() && this.#options.budget.reserve(this.#targetWindow)) {
      grant += this.#targetWindow;
      this.#targetWindow *= 2;
    }
    this.#uncredited = 0;
    this.#localWindow += grant;
    this.#options.transport.send(this.#message(Message.CHANNEL_WINDOW_ADJUST).uint32(grant).finish());
  }

  /** Looks at one window after the other. */
  #isUsedUpQuickly(): boolean {
    if (
      this.#targetWindow >= MAX_WINDOW_BYTES ||
      this.#receivedSinceLook < this.#targetWindow * USED_UP_SHARE
    )
      return false;
    const nowMs = performance.now();
    const tookMs = nowMs - this.#lookedMs;
    this.#receivedSinceLook = 0;
    this.#lookedMs = nowMs;
    return tookMs < QUICK_WINDOW_MS;
  }

  finish(exitStatus: number): void {
    this.#exitStatus ??= exitStatus;
    this.flush();
  }

  // --- from the client

  onData(data: Buffer): void {
    if (data.length > this.#localWindow)
      throw new SshError('WINDOW_EXCEEDED', 'the client sent more than the window');
    this.#localWindow -= data.length;
    this.#receivedSinceLook += data.length;
    if (this.#hasSentClose || this.#hasEnded) this.credit(data.length);
    else if (this.#handler !== undefined) this.#handler.onData(data);
    else this.#keepEarly(data);
  }

  #keepEarly(data: Buffer): void {
    if (this.#early.length >= MAX_EARLY_MESSAGES)
      throw new SshError('CHANNEL_INVALID', 'too much was sent before a subsystem was asked for');
    this.#early.push(data);
  }

  /** Nobody reads a client's stderr: it is dropped, but its credit goes back or the client would stall. */
  onExtendedData(message: ByteReader): void {
    message.uint32();
    const { length } = message.string();
    if (length > this.#localWindow)
      throw new SshError('WINDOW_EXCEEDED', 'the client sent more than the window');
    this.#localWindow -= length;
    this.credit(length);
  }

  onWindowAdjust(byteCount: number): void {
    if (this.#peerWindow + byteCount > MAX_PEER_WINDOW) {
      throw new SshError('WINDOW_EXCEEDED', 'the window would exceed 2^32 - 1');
    }
    this.#peerWindow += byteCount;
    this.flush();
  }

  onEof(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    if (this.#handler !== undefined) this.#handler.onEnd();
    else this.finish(0);
  }

  onClose(): void {
    this.#hasReceivedClose = true;
    this.#closeOurSide();
    this.#options.onClosed();
  }

  /** CHANNEL_REQUEST behind its channel number. Everything but a subsystem or command we have is refused. */
  onRequest(message: ByteReader): void {
    const type = message.ascii();
    const wantsReply = message.boolean();
    const request = sessionRequest(type, message);
    const isAccepted = request !== undefined && this.#start(request);
    const isShell = type === 'shell' && this.#isIdle;
    // A person who came with `ssh` learns why there is nothing to see.
    if (isShell) this.send([Buffer.from('This service allows SFTP connections only.\r\n')]);
    // Nothing may follow our CLOSE (RFC 4254 section 5.3): PuTTY ends the whole connection over it.
    if (wantsReply && !this.#hasSentClose) {
      const reply = isAccepted ? Message.CHANNEL_SUCCESS : Message.CHANNEL_FAILURE;
      this.#options.transport.send(this.#message(reply).finish());
    }
    if (isAccepted) this.#deliverEarlyData();
    if (isShell) this.finish(1);
  }

  // --- from the connection

  /** Sends what window and transport allow. */
  flush(): void {
    const { transport } = this.#options;
    while (this.#queue.length > 0 && this.#peerWindow > 0 && transport.isWritable) this.#sendOne();
    while (
      this.#queue.length === 0 &&
      this.#errors.length > 0 &&
      this.#peerWindow > 0 &&
      transport.isWritable
    ) {
      this.#sendErrorPart();
    }
    if (this.#wasFull && this.#pendingBytes < SEND_LOW_WATER_BYTES) {
      this.#wasFull = false;
      this.#handler?.onDrain();
    }
    const isAllSent = this.#queue.length === 0 && this.#errors.length === 0;
    if (isAllSent && this.#exitStatus !== undefined && !this.#hasSentClose) {
      this.#sendExit(this.#exitStatus);
    }
  }

  /** The connection is gone. */
  abandon(): void {
    this.#hasSentClose = true;
    this.#dropQueue();
    this.#releaseBudget();
    this.#notifyClosed();
  }

  /** One CHANNEL_DATA from as many queued views as fit. */
  #sendOne(): void {
    const { peerMaxPacket, transport } = this.#options;
    const room = Math.min(this.#peerWindow, peerMaxPacket, MAX_SENT_DATA_BYTES);
    const header = Buffer.allocUnsafe(DATA_HEADER_BYTES);
    const parts: Uint8Array[] = [header];
    const finished: Outgoing[] = [];
    let taken = 0;
    while (taken < room) {
      const entry = this.#queue[0];
      if (entry === undefined) break;
      const view = entry.views[this.#viewIndex];
      if (view === undefined) {
        this.#queue.shift();
        this.#viewIndex = 0;
        finished.push(entry);
        continue;
      }
      const part = view.subarray(this.#viewOffset, this.#viewOffset + room - taken);
      this.#viewOffset += part.length;
      if (this.#viewOffset === view.length) {
        this.#viewIndex++;
        this.#viewOffset = 0;
      }
      taken += part.length;
      parts.push(part);
    }
    this.#peerWindow -= taken;
    this.#pendingBytes -= taken;
    header.writeUInt8(Message.CHANNEL_DATA, 0);
    header.writeUInt32BE(this.#options.peerId, 1);
    header.writeUInt32BE(taken, 5);
    if (taken > 0) transport.sendParts(parts);
    this.#dropSpentHead(finished);
    for (const entry of finished) entry.release?.();
  }

  /** One CHANNEL_EXTENDED_DATA. It takes from the window as data does. */
  #sendErrorPart(): void {
    const room = Math.min(this.#peerWindow, this.#options.peerMaxPacket, MAX_SENT_DATA_BYTES);
    const text = this.#errors.shift() ?? NO_BYTES;
    const part = text.subarray(0, room);
    if (part.length < text.length) this.#errors.unshift(text.subarray(part.length));
    this.#peerWindow -= part.length;
    this.#pendingBytes -= part.length;
    const message = this.#message(Message.CHANNEL_EXTENDED_DATA).uint32(STDERR).string(part);
    this.#options.transport.send(message.finish());
  }

  /** An entry whose last byte is out must not wait for more window to be released. */
  #dropSpentHead(finished: Outgoing[]): void {
    const head = this.#queue[0];
    if (head === undefined || this.#viewIndex < head.views.length) return;
    this.#queue.shift();
    this.#viewIndex = 0;
    finished.push(head);
  }

  /** Nothing was started, and the session is not about to end: it waits for window to say so, perhaps for ever. */
  get #isIdle(): boolean {
    return this.#handler === undefined && this.#exitStatus === undefined && !this.#hasSentClose;
  }

  #start(request: SessionRequest): boolean {
    if (!this.#isIdle) return false;
    const handler = this.#options.startSession(request, this);
    // One that had nothing to wait for has finished already: it too is told of its end.
    if (this.#hasSentClose) handler?.onClose();
    else this.#handler = handler;
    return handler !== undefined;
  }

  #deliverEarlyData(): void {
    const early = this.#early;
    this.#early = [];
    for (const data of early) this.#handler?.onData(data);
  }

  /** exit-status goes before CLOSE: without it OpenSSH's sftp and scp report a failure. */
  #sendExit(exitStatus: number): void {
    const { transport } = this.#options;
    transport.send(
      this.#message(Message.CHANNEL_REQUEST).string('exit-status').boolean(false).uint32(exitStatus).finish(),
    );
    transport.send(this.#message(Message.CHANNEL_EOF).finish());
    this.#closeOurSide();
  }

  #closeOurSide(): void {
    if (this.#hasSentClose) return;
    this.#hasSentClose = true;
    this.#dropQueue();
    this.#options.transport.send(this.#message(Message.CHANNEL_CLOSE).finish());
    this.#releaseBudget();
    this.#notifyClosed();
  }

  #notifyClosed(): void {
    this.#early = [];
    const handler = this.#handler;
    this.#handler = undefined;
    handler?.onClose();
  }

  #dropQueue(): void {
    const queue = this.#queue;
    this.#queue = [];
    this.#errors = [];
    this.#pendingBytes = 0;
    for (const entry of queue) entry.release?.();
  }

  #releaseBudget(): void {
    this.#options.budget.release(this.#targetWindow - INITIAL_WINDOW_BYTES);
    this.#targetWindow = INITIAL_WINDOW_BYTES;
  }

  #message(number: number): ByteWriter {
    return new ByteWriter(64).uint8(number).uint32(this.#options.peerId);
  }
}

function sessionRequest(type: string, message: ByteReader): SessionRequest | undefined {
  if (type === 'subsystem') return { type, name: message.ascii() };
  if (type !== 'exec') return undefined;
  const command = message.string();
  // A name in another encoding is no reason to end the transfers on the other channels.
  return isUtf8(command) ? { type, command: command.toString('utf8') } : undefined;
}
