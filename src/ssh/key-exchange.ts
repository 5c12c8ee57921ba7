/** One key exchange, from our KEXINIT to the client's NEWKEYS. */

import { ByteReader } from '../wire/byte-reader.ts';
import type { PacketOpener, PacketSealer } from './cipher/protection.ts';
import { protection } from './cipher/suites.ts';
import { SshError } from './error.ts';
import { encodeKexReply, type HostKey } from './host-key.ts';
import { clientKeys, exchangeHash, type KeySeed, serverKeys } from './kex/exchange-hash.ts';
import type { KexGate } from './kex/gate.ts';
import { KEX_METHODS, type KexMethod, type KexRun, type KexStep } from './kex/method.ts';
import {
  type Agreement,
  agree,
  EXT_INFO_CLIENT,
  encodeKexInit,
  type KexInit,
  type Proposal,
  parseKexInit,
  STRICT_KEX_CLIENT,
  STRICT_KEX_SERVER,
} from './proposal.ts';

export interface KeyExchangeOptions {
  readonly hostKeys: readonly HostKey[];
  readonly proposal: Proposal;
  readonly serverIdent: string;
  /** The first one of the connection. */
  readonly isInitial: boolean;
  /** 16 random bytes. */
  readonly cookie: Uint8Array;
  readonly gate: KexGate;
  /** Aborts when the connection is over. */
  readonly signal: AbortSignal;
}

export type KeyExchangeResult =
  | { readonly kind: 'continue'; readonly reply: Buffer }
  | { readonly kind: 'agreed'; readonly reply: Buffer; readonly exchangeHash: Buffer };

type Agreed = Extract<KexStep, { kind: 'agreed' }>;

/** The peer's half, known once its KEXINIT came. */
interface Peer {
  readonly kexInit: KexInit;
  readonly rawKexInit: Buffer;
  readonly ident: string;
  readonly agreement: Agreement;
  readonly method: KexMethod;
  readonly run: KexRun;
  readonly hostKey: HostKey;
}

export class KeyExchange {
  readonly ourKexInit: Buffer;
  readonly isInitial: boolean;
  readonly #options: KeyExchangeOptions;
  readonly #proposal: Proposal;
  #peer: Peer | undefined;
  #ignoresNextPacket = false;
  #seed: Omit<KeySeed, 'sessionId'> | undefined;
  #opener: PacketOpener | undefined;

  constructor(options: KeyExchangeOptions) {
    this.#options = options;
    this.isInitial = options.isInitial;
    // Only types that some key of ours can sign for may be agreed on.
    const hostKey = options.proposal.hostKey.filter(
      (name) => hostKeyFor(options.hostKeys, name) !== undefined,
    );
    this.#proposal = { ...options.proposal, hostKey };
    this.ourKexInit = encodeKexInit(
      this.#proposal,
      options.cookie,
      options.isInitial ? [STRICT_KEX_SERVER] : [],
    );
  }

  /** The peer's KEXINIT came: until its NEWKEYS it may send key exchange messages only. */
  get hasPeerStarted(): boolean {
    return this.#peer !== undefined;
  }

  get clientWantsStrict(): boolean {
    return this.#peer?.kexInit.kex.includes(STRICT_KEX_CLIENT) === true;
  }

  get clientWantsExtInfo(): boolean {
    return this.#peer?.kexInit.kex.includes(EXT_INFO_CLIENT) === true;
  }

  /** @throws SshError KEX_NO_COMMON_ALGORITHM; MESSAGE_UNEXPECTED for a second KEXINIT */
  receiveKexInit(payload: Buffer, clientIdent: string): void {
    if (this.#peer !== undefined)
      throw new SshError('MESSAGE_UNEXPECTED', 'a second KEXINIT in one key exchange');
    const kexInit = parseKexInit(payload);
    const agreement = agree(this.#proposal, kexInit);
    const method = KEX_METHODS[agreement.kex];
    const hostKey = hostKeyFor(this.#options.hostKeys, agreement.hostKey);
    if (method === undefined || hostKey === undefined) {
      throw new SshError('INTERNAL', 'the proposal holds an algorithm that is not there');
    }
    this.#ignoresNextPacket = agreement.ignoresNextPacket;
    this.#peer = {
      kexInit,
      rawKexInit: payload,
      ident: clientIdent,
      agreement,
      method,
      run: method.start({
        gate: this.#options.gate,
        signal: this.#options.signal,
        offered: this.#proposal.kex,
      }),
      hostKey,
    };
  }

  /**
   * A message of the method. @returns undefined where it was a wrong guess and is dropped
   * @throws SshError MESSAGE_UNEXPECTED, KEX_FAILED, KEX_BUSY
   */
  receive(number: number, payload: Buffer): Promise<KeyExchangeResult> | undefined {
    const peer = this.#startedPeer();
    if (this.#ignoresNextPacket) {
      this.#ignoresNextPacket = false;
      return undefined;
    }
    if (this.#seed !== undefined || number !== peer.run.expects) {
      throw new SshError('MESSAGE_UNEXPECTED', `message ${number} is not the next of ${peer.agreement.kex}`);
    }
    return this.#step(peer, peer.run.receive(new ByteReader(payload, 1)));
  }

  /** Keys for both directions, from the secret that was agreed on. Called once. */
  deriveKeys(sessionId: Buffer): { readonly sealer: PacketSealer } {
    const { agreement } = this.#startedPeer();
    if (this.#seed === undefined) throw new SshError('INTERNAL', 'there is no secret to derive keys from');
    const seed = { ...this.#seed, sessionId };
    const inward = protection(agreement.cipherIn, agreement.macIn);
    const outward = protection(agreement.cipherOut, agreement.macOut);
    this.#opener = inward.opener(clientKeys(seed, inward));
    return { sealer: outward.sealer(serverKeys(seed, outward)) };
  }

  /** The client's NEWKEYS. @throws SshError MESSAGE_UNEXPECTED before the exchange got there */
  finish(): { readonly opener: PacketOpener; readonly agreement: Agreement } {
    if (this.#opener === undefined)
      throw new SshError('MESSAGE_UNEXPECTED', 'NEWKEYS before the key exchange was done');
    return { opener: this.#opener, agreement: this.#startedPeer().agreement };
  }

  async #step(peer: Peer, pending: KexStep | Promise<KexStep>): Promise<KeyExchangeResult> {
    const step = await pending;
    if (step.kind === 'continue') return step;
    return this.#agreed(peer, step);
  }

  async #agreed(peer: Peer, step: Agreed): Promise<KeyExchangeResult> {
    const { blob } = peer.hostKey.publicKey;
    const transcript = {
      clientIdent: peer.ident,
      serverIdent: this.#options.serverIdent,
      clientKexInit: peer.rawKexInit,
      serverKexInit: this.ourKexInit,
      hostKeyBlob: blob,
    };
    const hash = exchangeHash(peer.method.hash, transcript, step.hashFields, step.secret);
    const signature = await peer.hostKey.sign(peer.agreement.hostKey, hash);
    this.#seed = { hash: peer.method.hash, secret: step.secret, exchangeHash: hash };
    return {
      kind: 'agreed',
      reply: encodeKexReply(step.replyNumber, blob, step.publicValue, signature),
      exchangeHash: hash,
    };
  }

  #startedPeer(): Peer {
    if (this.#peer === undefined)
      throw new SshError('MESSAGE_UNEXPECTED', 'a key exchange message before KEXINIT');
    return this.#peer;
  }
}

function hostKeyFor(hostKeys: readonly HostKey[], algorithm: string): HostKey | undefined {
  return hostKeys.find((key) => key.algorithms.includes(algorithm));
}
