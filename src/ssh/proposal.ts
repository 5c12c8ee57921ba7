/** The algorithms one side offers, KEXINIT on the wire, and what both agree on (RFC 4253 section 7.1). */

import { ByteReader } from '../wire/byte-reader.ts';
import { ByteWriter } from '../wire/byte-writer.ts';
import { needsMac } from './cipher/suites.ts';
import { SshError, sanitised } from './error.ts';
import { RSA_ALGORITHMS } from './host-key.ts';
import { Message } from './message.ts';
import { RSA_SHA1, USER_SIGNATURE_ALGORITHMS } from './signature.ts';

/** Preference lists, most wanted first. The first client entry that the server also has is taken. */
export interface AlgorithmLists {
  readonly kex: readonly string[];
  readonly hostKey: readonly string[];
  readonly ciphers: readonly string[];
  readonly macs: readonly string[];
}

/** What a server allows: the lists of its KEXINIT, and what users may sign with. */
export interface Proposal extends AlgorithmLists {
  /** Signature algorithms of user keys, announced as `server-sig-algs` (RFC 8308 section 3.1). */
  readonly userSignatures: readonly string[];
}

/**
 * What the server offers where no security policy says otherwise: post-quantum first, AEAD first, nothing weak. X25519
 * stays for clients older than 2024. NIST curves are left to the policies that name them: ssh-audit fails them.
 */
export const DEFAULT_PROPOSAL: Proposal = {
  kex: ['mlkem768x25519-sha256', 'curve25519-sha256', 'curve25519-sha256@libssh.org'],
  hostKey: ['ssh-ed25519', 'rsa-sha2-512', 'rsa-sha2-256'],
  ciphers: ['aes128-gcm@openssh.com', 'aes256-gcm@openssh.com', 'aes128-ctr', 'aes256-ctr', 'aes192-ctr'],
  macs: ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-512-etm@openssh.com'],
  userSignatures: USER_SIGNATURE_ALGORITHMS,
};

/** Markers in the kex list of a first KEXINIT; never chosen. */
export const STRICT_KEX_CLIENT = 'kex-strict-c-v00@openssh.com';
export const STRICT_KEX_SERVER = 'kex-strict-s-v00@openssh.com';
export const EXT_INFO_CLIENT = 'ext-info-c';

/** A KEXINIT as received. */
export interface KexInit {
  readonly kex: readonly string[];
  readonly hostKey: readonly string[];
  readonly ciphersIn: readonly string[];
  readonly ciphersOut: readonly string[];
  readonly macsIn: readonly string[];
  readonly macsOut: readonly string[];
  readonly compressionIn: readonly string[];
  readonly compressionOut: readonly string[];
  readonly firstKexPacketFollows: boolean;
}

const COOKIE_BYTES = 16;
const COMPRESSION = ['none'];

/** The KEXINIT payload; `markers` are added to the kex list of the first one. */
export function encodeKexInit(
  proposal: AlgorithmLists,
  cookie: Uint8Array,
  markers: readonly string[],
): Buffer {
  return new ByteWriter(1024)
    .uint8(Message.KEXINIT)
    .bytes(cookie)
    .nameList([...proposal.kex, ...markers])
    .nameList(proposal.hostKey)
    .nameList(proposal.ciphers)
    .nameList(proposal.ciphers)
    .nameList(proposal.macs)
    .nameList(proposal.macs)
    .nameList(COMPRESSION)
    .nameList(COMPRESSION)
    .nameList([])
    .nameList([])
    .boolean(false)
    .uint32(0)
    .finish();
}

/** @throws WireError when it is malformed */
export function parseKexInit(payload: Buffer): KexInit {
  const reader = new ByteReader(payload, 1);
  reader.bytes(COOKIE_BYTES);
  const kex = reader.nameList();
  const hostKey = reader.nameList();
  const ciphersIn = reader.nameList();
  const ciphersOut = reader.nameList();
  const macsIn = reader.nameList();
  const macsOut = reader.nameList();
  const compressionIn = reader.nameList();
  const compressionOut = reader.nameList();
  reader.nameList();
  reader.nameList();
  const firstKexPacketFollows = reader.boolean();
  reader.uint32();
  return {
    kex,
    hostKey,
    ciphersIn,
    ciphersOut,
    macsIn,
    macsOut,
    compressionIn,
    compressionOut,
    firstKexPacketFollows,
  };
}

/** What both sides use from the next NEWKEYS on. "In" is client to server. */
export interface Agreement {
  readonly kex: string;
  readonly hostKey: string;
  readonly cipherIn: string;
  readonly cipherOut: string;
  /** Absent with an AEAD cipher. */
  readonly macIn: string | undefined;
  readonly macOut: string | undefined;
  /** The algorithm in which the client verifies RSA host keys; absent where it showed none. */
  readonly rsaAlgorithm: string | undefined;
  /** The client sent a key exchange packet on a wrong guess: it is to be ignored. */
  readonly ignoresNextPacket: boolean;
}

/** Client and server have nothing in common in some category. */
export class NegotiationError extends SshError {
  /** What the client offered, for a hint at what would have been needed. */
  readonly offer: KexInit;

  constructor(what: string, theirs: readonly string[], offer: KexInit) {
    super(
      'KEX_NO_COMMON_ALGORITHM',
      `no matching ${what} found. Client offers: ${sanitised(theirs.join(','))}`,
    );
    this.offer = offer;
  }
}

/** @throws NegotiationError naming the category and what the client offered */
export function agree(ours: AlgorithmLists, offer: KexInit): Agreement {
  const choose = (what: string, theirs: readonly string[], allowed: readonly string[]): string => {
    const found = theirs.find((name) => allowed.includes(name));
    if (found === undefined) throw new NegotiationError(what, theirs, offer);
    return found;
  };
  const kex = choose('key exchange method', offer.kex, ours.kex);
  const hostKey = choose('host key type', offer.hostKey, ours.hostKey);
  const cipherIn = choose('cipher', offer.ciphersIn, ours.ciphers);
  const cipherOut = choose('cipher', offer.ciphersOut, ours.ciphers);
  const macIn = needsMac(cipherIn) ? choose('MAC', offer.macsIn, ours.macs) : undefined;
  const macOut = needsMac(cipherOut) ? choose('MAC', offer.macsOut, ours.macs) : undefined;
  choose('compression', offer.compressionIn, COMPRESSION);
  choose('compression', offer.compressionOut, COMPRESSION);
  const guessedRight = offer.kex[0] === ours.kex[0] && offer.hostKey[0] === ours.hostKey[0];
  return {
    kex,
    hostKey,
    cipherIn,
    cipherOut,
    macIn,
    macOut,
    rsaAlgorithm: rsaAlgorithm(hostKey, offer.hostKey),
    ignoresNextPacket: offer.firstKexPacketFollows && !guessedRight,
  };
}

/** Whether a client with this offer could connect. */
export function isAcceptable(ours: AlgorithmLists, offer: KexInit): boolean {
  try {
    agree(ours, offer);
    return true;
  } catch (error) {
    if (error instanceof NegotiationError) return false;
    throw error;
  }
}

/** The one that was agreed on; beside another type of host key the better one with SHA-2 that the client lists. */
function rsaAlgorithm(agreed: string, theirs: readonly string[]): string | undefined {
  if (RSA_ALGORITHMS.includes(agreed)) return agreed;
  return RSA_ALGORITHMS.find((name) => name !== RSA_SHA1.name && theirs.includes(name));
}
