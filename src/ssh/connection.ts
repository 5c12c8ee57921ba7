/** The connection protocol, server side: session channels and global requests (RFC 4254). */

import type { ByteChannel, ByteChannelHandler } from '../wire/byte-channel.ts';
import type { ByteReader } from '../wire/byte-reader.ts';
import { ByteWriter } from '../wire/byte-writer.ts';
import { SshError } from './error.ts';
import { type HostKeyProof, PROVE_REQUEST } from './host-key-proof.ts';
import { Message, OpenFailure } from './message.ts';
import {
  type ChannelTransport,
  INITIAL_WINDOW_BYTES,
  MAX_RECEIVED_DATA_BYTES,
  SessionChannel,
  type SessionRequest,
} from './session-channel.ts';
import type { WindowBudget } from './window-budget.ts';

/** Session channels of one connection at a time; AWS has the same number. */
const MAX_CHANNELS = 10;
/** Smallest maximum packet size that makes sense; Go has the same floor. */
const MIN_PEER_PACKET_BYTES = 9;
const MAX_PEER_PACKET_BYTES = 2 ** 31;

export interface ConnectionTransport extends ChannelTransport {
  /** Stops handing out messages until the returned function is called. */
  hold(): () => void;
  fail(error: unknown): void;
}

export interface ConnectionOptions {
  readonly transport: ConnectionTransport;
  readonly hostKeyProof: HostKeyProof;
  readonly budget: WindowBudget;
  startSession(request: SessionRequest, channel: ByteChannel): ByteChannelHandler | undefined;
}

export class Connection {
  readonly #options: ConnectionOptions;
  readonly #channels = new Map<number, SessionChannel>();
  #nextId = 0;
  #allowsSessions = true;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  /** A message of the connection protocol. @throws SshError, WireError: the connection ends */
  onMessage(number: number, message: ByteReader): void {
    if (number === Message.GLOBAL_REQUEST) return this.#onGlobalRequest(message);
    if (number === Message.CHANNEL_OPEN) return this.#onOpen(message);
    const channel = this.#channel(message.uint32());
    switch (number) {
      case Message.CHANNEL_DATA:
        return channel.onData(message.string());
      case Message.CHANNEL_EXTENDED_DATA:
        return channel.onExtendedData(message);
      case Message.CHANNEL_WINDOW_ADJUST:
        return channel.onWindowAdjust(message.uint32());
      case Message.CHANNEL_REQUEST:
        return channel.onRequest(message);
      case Message.CHANNEL_EOF:
        return channel.onEof();
      case Message.CHANNEL_CLOSE:
        return channel.onClose();
      default:
        throw new SshError('MESSAGE_UNEXPECTED', `message ${number} is not allowed now`);
    }
  }

  /** The transport takes more: each channel gets its turn, and the next round begins with the next channel. */
  flush(): void {
    const channels = [...this.#channels];
    for (const [, channel] of channels) channel.flush();
    const first = channels[0];
    if (first === undefined || channels.length === 1 || !this.#channels.delete(first[0])) return;
    this.#channels.set(first[0], first[1]);
  }

  /** The transport is gone. Every channel is told, also behind one whose handler throws. @throws the last such error */
  abandon(): void {
    const [first] = this.#channels;
    if (first === undefined) return;
    const [localId, channel] = first;
    this.#channels.delete(localId);
    try {
      channel.abandon();
    } finally {
      this.abandon();
    }
  }

  #channel(localId: number): SessionChannel {
    const channel = this.#channels.get(localId);
    if (channel === undefined) throw new SshError('CHANNEL_INVALID', 'there is no channel of that number');
    return channel;
  }

  #onGlobalRequest(message: ByteReader): void {
    const name = message.ascii();
    const wantsReply = message.boolean();
    if (name === PROVE_REQUEST && wantsReply) return this.#proveHostKeys(message);
    const isKnown = name === 'no-more-sessions@openssh.com';
    if (isKnown) this.#allowsSessions = false;
    // Forwarding is never done; a keepalive is content with any answer.
    if (wantsReply)
      this.#options.transport.send(
        Buffer.from([isKnown ? Message.REQUEST_SUCCESS : Message.REQUEST_FAILURE]),
      );
  }

  /** Signing takes a while, and answers must come in the order of their requests: meanwhile no message is read. */
  #proveHostKeys(message: ByteReader): void {
    const { transport, hostKeyProof } = this.#options;
    const proof = hostKeyProof.answer(message);
    if (proof === undefined) return transport.send(Buffer.from([Message.REQUEST_FAILURE]));
    const release = transport.hold();
    proof
      .then((reply) => transport.send(reply))
      .catch((error: unknown) => transport.fail(error))
      .finally(release);
  }

  #onOpen(message: ByteReader): void {
    const type = message.ascii();
    const peerId = message.uint32();
    const peerWindow = message.uint32();
    const peerMaxPacket = message.uint32();
    if (type !== 'session') return this.#refuseOpen(peerId, ...refusalFor(type));
    if (!this.#allowsSessions)
      throw new SshError('MESSAGE_UNEXPECTED', 'a session was opened after no-more-sessions');
    if (peerMaxPacket < MIN_PEER_PACKET_BYTES || peerMaxPacket > MAX_PEER_PACKET_BYTES) {
      throw new SshError('CHANNEL_INVALID', 'the maximum packet size of the channel is out of range');
    }
    if (this.#channels.size >= MAX_CHANNELS) {
      return this.#refuseOpen(
        peerId,
        OpenFailure.RESOURCE_SHORTAGE,
        `at most ${MAX_CHANNELS} sessions at a time`,
      );
    }
    const localId = this.#nextId++;
    const channel = new SessionChannel({
      ...this.#options,
      peerId,
      peerWindow,
      peerMaxPacket,
      startSession: (request, opened) => this.#options.startSession(request, opened),
      onClosed: () => this.#channels.delete(localId),
    });
    this.#channels.set(localId, channel);
    this.#options.transport.send(
      new ByteWriter()
        .uint8(Message.CHANNEL_OPEN_CONFIRMATION)
        .uint32(peerId)
        .uint32(localId)
        .uint32(INITIAL_WINDOW_BYTES)
        .uint32(MAX_RECEIVED_DATA_BYTES)
        .finish(),
    );
  }

  #refuseOpen(peerId: number, reason: number, text: string): void {
    this.#options.transport.send(
      new ByteWriter()
        .uint8(Message.CHANNEL_OPEN_FAILURE)
        .uint32(peerId)
        .uint32(reason)
        .string(text)
        .string('')
        .finish(),
    );
  }
}

function refusalFor(type: string): [number, string] {
  const isForwarding = /^(direct-|tun@|x11|auth-agent|forwarded-)/.test(type);
  if (isForwarding) return [OpenFailure.ADMINISTRATIVELY_PROHIBITED, 'forwarding is not allowed'];
  return [OpenFailure.UNKNOWN_CHANNEL_TYPE, 'only session channels are served'];
}
