/** Signs OpenSSH certificates for tests, right ones and every kind of wrong one, and keeps no rule itself. */

import { type KeyObject, sign } from 'node:crypto';
import { ByteWriter } from '../../wire/byte-writer.ts';
import { HostKey } from '../host-key.ts';
import { encodeSignature, signatureAlgorithm } from '../signature.ts';

const HOUR_SECONDS = 3600n;
export const FOR_EVER = 2n ** 64n - 1n;

/** Names with raw values, in the order in which they are written. */
export type Pairs = readonly (readonly [string, Buffer])[];

export interface CertificateFields {
  /** Blob of the key that is certified. */
  readonly key: Buffer;
  readonly authority: KeyObject;
  readonly serial?: bigint;
  readonly kind?: number;
  readonly keyId?: string;
  readonly principals?: readonly string[];
  readonly validAfter?: bigint;
  readonly validBefore?: bigint;
  readonly critical?: Pairs;
  readonly extensions?: Pairs;
  /** Stands where the blob of the authority's key does. */
  readonly authorityBlob?: Buffer;
  /** What the authority signs with; for RSA `rsa-sha2-512` where absent. */
  readonly signatureName?: string;
  /** Appended to the signature's blob; for bytes behind the end give `trailing`. */
  readonly trailing?: Buffer;
}

/** A value as most options have it: a string within the string. */
export function optionValue(text: string): Buffer {
  return Buffer.from(new ByteWriter().string(text).finish());
}

export const NO_VALUE = Buffer.alloc(0);

/** The blob of a certificate, signed; valid for an hour, for alice, where nothing else is said. */
export function makeCertificate(fields: CertificateFields): Buffer {
  const now = BigInt(Math.floor(Date.now() / 1000));
  const keyType = fields.key.toString('latin1', 4, 4 + fields.key.readUInt32BE(0));
  const keyFields = fields.key.subarray(4 + keyType.length);
  const authority = new HostKey(fields.authority).publicKey;
  const signed = new ByteWriter(2048)
    .string(certificateType(keyType))
    .string(Buffer.alloc(32, 9))
    .bytes(keyFields)
    .uint64(fields.serial ?? 7n)
    .uint32(fields.kind ?? 1)
    .string(fields.keyId ?? 'a test')
    .string(strings(fields.principals ?? ['alice']))
    .uint64(fields.validAfter ?? now - HOUR_SECONDS)
    .uint64(fields.validBefore ?? now + HOUR_SECONDS)
    .string(pairs(fields.critical ?? []))
    .string(pairs(fields.extensions ?? []))
    .string('')
    .string(fields.authorityBlob ?? authority.blob)
    .finish();
  const name = fields.signatureName ?? (authority.type === 'ssh-rsa' ? 'rsa-sha2-512' : authority.type);
  const signature = signBlob(fields.authority, name, signed);
  const certificate = new ByteWriter(4096)
    .bytes(signed)
    .string(signature)
    .bytes(fields.trailing ?? NO_VALUE);
  return Buffer.from(certificate.finish());
}

/** `ssh-ed25519` → `ssh-ed25519-cert-v01@openssh.com`, also for the names of security keys and of RSA signatures. */
export function certificateType(name: string): string {
  return `${name.replace('@openssh.com', '')}-cert-v01@openssh.com`;
}

/** A signature blob of `message`, by a plain key. */
export function signBlob(privateKey: KeyObject, name: string, message: Buffer): Buffer {
  const algorithm = signatureAlgorithm(name);
  if (algorithm === undefined) throw new Error(`${name} is no signature algorithm`);
  return encodeSignature(
    algorithm,
    sign(algorithm.hash, message, { key: privateKey, dsaEncoding: 'ieee-p1363' }),
  );
}

function strings(values: readonly string[]): Buffer {
  const list = new ByteWriter();
  for (const value of values) list.string(value);
  return list.finish();
}

function pairs(values: Pairs): Buffer {
  const list = new ByteWriter();
  for (const [name, value] of values) list.string(name).string(value);
  return list.finish();
}
