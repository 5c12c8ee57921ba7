/** The client's half of the key exchange methods, for tests. */

import {
  createECDH,
  createHash,
  createPublicKey,
  type DiffieHellmanGroup,
  decapsulate,
  diffieHellman,
  generateKeyPairSync,
  getDiffieHellman,
} from 'node:crypto';
import type { ByteReader } from '../../wire/byte-reader.ts';
import { ByteWriter } from '../../wire/byte-writer.ts';
import type { GroupRequest } from '../kex/group-exchange.ts';
import type { KexHash } from '../kex/method.ts';
import { Message } from '../message.ts';

/** What a test may do differently from a good client. */
export interface ClientKexOptions {
  /** Replaces the client's public value. */
  readonly publicValue?: Buffer;
  /** For the group exchange. */
  readonly groupRequest?: GroupRequest;
}

/** How the client talks to the server meanwhile. */
export interface ClientKexWire {
  send(payload: Buffer): void;
  /** The message behind its number. */
  expect(number: number): Promise<ByteReader>;
}

export interface ServerReply {
  readonly hostKeyBlob: Buffer;
  readonly signature: Buffer;
  /** The method's own fields of the exchange hash, encoded. */
  readonly hashFields: Buffer;
  /** K, encoded. */
  readonly secret: Buffer;
}

export interface ClientKex {
  readonly hash: KexHash;
  /** The client's first message. */
  readonly first: Buffer;
  /** Goes on from there, up to the server's reply. */
  finish(wire: ClientKexWire): Promise<ServerReply>;
}

/** One side's key pair: public value and raw secret. */
interface KeyHalf {
  readonly publicValue: Buffer;
  secret(peerPublic: Buffer): Buffer;
}

/** As what numbers stand on the wire and in the hash. */
type Encoding = 'string' | 'mpint';

function x25519(): KeyHalf {
  const { publicKey, privateKey } = generateKeyPairSync('x25519');
  return {
    publicValue: publicKey.export({ format: 'raw-public' }),
    secret: (peer) => {
      const key = createPublicKey({ key: peer, format: 'raw-public', asymmetricKeyType: 'x25519' });
      return diffieHellman({ privateKey, publicKey: key });
    },
  };
}

function nist(curve: string): KeyHalf {
  const ecdh = createECDH(curve);
  return { publicValue: ecdh.generateKeys(), secret: (peer) => ecdh.computeSecret(peer) };
}

function hybrid(
  type: 'ml-kem-768' | 'ml-kem-1024',
  ciphertextBytes: number,
  curve: KeyHalf,
  hash: KexHash,
): KeyHalf {
  const { publicKey, privateKey } = generateKeyPairSync(type);
  return {
    publicValue: Buffer.concat([publicKey.export({ format: 'raw-public' }), curve.publicValue]),
    secret: (peer) =>
      createHash(hash)
        .update(decapsulate(privateKey, peer.subarray(0, ciphertextBytes)))
        .update(curve.secret(peer.subarray(ciphertextBytes)))
        .digest(),
  };
}

function modp(group: DiffieHellmanGroup): KeyHalf {
  return { publicValue: group.generateKeys(), secret: (peer) => group.computeSecret(peer) };
}

function encoded(value: Buffer, encoding: Encoding): Buffer {
  const writer = new ByteWriter();
  return encoding === 'string' ? writer.string(value).finish() : writer.mpint(value).finish();
}

async function reply(
  wire: ClientKexWire,
  number: number,
  half: KeyHalf,
  encodings: { readonly publicValue: Encoding; readonly secret: Encoding },
): Promise<Omit<ServerReply, 'hashFields'> & { readonly serverPublic: Buffer }> {
  const message = await wire.expect(number);
  const hostKeyBlob = message.string();
  const serverPublic = encodings.publicValue === 'string' ? message.string() : message.mpint();
  const signature = message.string();
  return {
    hostKeyBlob,
    signature,
    serverPublic: encoded(serverPublic, encodings.publicValue),
    secret: encoded(half.secret(serverPublic), encodings.secret),
  };
}

/** Methods of one message each way. */
function oneRound(
  hash: KexHash,
  half: KeyHalf,
  encodings: { readonly publicValue: Encoding; readonly secret: Encoding },
  options: ClientKexOptions,
): ClientKex {
  const ours = encoded(options.publicValue ?? half.publicValue, encodings.publicValue);
  return {
    hash,
    first: Buffer.concat([Buffer.from([Message.KEX_INIT]), ours]),
    finish: async (wire) => {
      const { serverPublic, ...rest } = await reply(wire, Message.KEX_REPLY, half, encodings);
      return { ...rest, hashFields: Buffer.concat([ours, serverPublic]) };
    },
  };
}

/** OpenSSH's request for a cipher of 128 bits. */
const GROUP_REQUEST: GroupRequest = { min: 2048, preferred: 3072, max: 8192 };

function groupExchange(options: ClientKexOptions): ClientKex {
  const { min, preferred, max } = options.groupRequest ?? GROUP_REQUEST;
  const request = new ByteWriter().uint32(min).uint32(preferred).uint32(max).finish();
  return {
    hash: 'sha256',
    first: Buffer.concat([Buffer.from([Message.KEX_GEX_REQUEST]), request]),
    finish: async (wire) => {
      const group = await wire.expect(Message.KEX_GEX_GROUP);
      const parameters = group.rest();
      const half = modp(wellKnownGroup(parameters));
      const ours = encoded(options.publicValue ?? half.publicValue, 'mpint');
      wire.send(Buffer.concat([Buffer.from([Message.KEX_GEX_INIT]), ours]));
      const encodings = { publicValue: 'mpint', secret: 'mpint' } as const;
      const { serverPublic, ...rest } = await reply(wire, Message.KEX_GEX_REPLY, half, encodings);
      return { ...rest, hashFields: Buffer.concat([request, parameters, ours, serverPublic]) };
    },
  };
}

/** Making a group of any other prime would take seconds. */
function wellKnownGroup(parameters: Buffer): DiffieHellmanGroup {
  for (const name of ['modp14', 'modp15', 'modp16', 'modp17', 'modp18']) {
    const group = getDiffieHellman(name);
    const known = new ByteWriter().mpint(group.getPrime()).mpint(group.getGenerator()).finish();
    if (known.equals(parameters)) return group;
  }
  throw new Error('the server gave a group that is not in RFC 3526');
}

const ECDH = { publicValue: 'string', secret: 'mpint' } as const;
const HYBRID = { publicValue: 'string', secret: 'string' } as const;
const MODP = { publicValue: 'mpint', secret: 'mpint' } as const;

type ClientMethod = (options: ClientKexOptions) => ClientKex;

function fixedGroup(name: string, hash: KexHash): ClientMethod {
  return (options) => oneRound(hash, modp(getDiffieHellman(name)), MODP, options);
}

export const CLIENT_KEX: Readonly<Record<string, ClientMethod>> = {
  'mlkem768x25519-sha256': (options) =>
    oneRound('sha256', hybrid('ml-kem-768', 1088, x25519(), 'sha256'), HYBRID, options),
  'mlkem768nistp256-sha256': (options) =>
    oneRound('sha256', hybrid('ml-kem-768', 1088, nist('prime256v1'), 'sha256'), HYBRID, options),
  'mlkem1024nistp384-sha384': (options) =>
    oneRound('sha384', hybrid('ml-kem-1024', 1568, nist('secp384r1'), 'sha384'), HYBRID, options),
  'curve25519-sha256': (options) => oneRound('sha256', x25519(), ECDH, options),
  'curve25519-sha256@libssh.org': (options) => oneRound('sha256', x25519(), ECDH, options),
  'ecdh-sha2-nistp256': (options) => oneRound('sha256', nist('prime256v1'), ECDH, options),
  'ecdh-sha2-nistp384': (options) => oneRound('sha384', nist('secp384r1'), ECDH, options),
  'ecdh-sha2-nistp521': (options) => oneRound('sha512', nist('secp521r1'), ECDH, options),
  'diffie-hellman-group-exchange-sha256': groupExchange,
  'diffie-hellman-group18-sha512': fixedGroup('modp18', 'sha512'),
  'diffie-hellman-group16-sha512': fixedGroup('modp16', 'sha512'),
  'diffie-hellman-group14-sha256': fixedGroup('modp14', 'sha256'),
  'diffie-hellman-group14-sha1': fixedGroup('modp14', 'sha1'),
};
