/** OpenSSH user certificates: the blob, and the rules that need no trust decision (OpenSSH's PROTOCOL.certkeys). */

import { ByteReader } from '../wire/byte-reader.ts';
import { type CertificateOptions, readCertificateOptions } from './certificate-options.ts';
import { type PublicKey, PublicKeyError, parsePublicKey, readPublicKey } from './public-key.ts';
import { signatureAlgorithm, verifiedSignature } from './signature.ts';

const SUFFIX = '-cert-v01@openssh.com';
/** Behind the names of security key types stands `@openssh.com` already. */
const SECURITY_KEY_SUFFIX = '@openssh.com';
const USER_KIND = 1;
/** As in OpenSSH. */
const MAX_PRINCIPALS = 256;

/** A certificate that was read and whose signature was not looked at yet. */
export interface Certificate {
  /** Type name at the start of the blob. */
  readonly type: string;
  /** The key that is certified: the one the user signs with. */
  readonly key: PublicKey;
  readonly serial: bigint;
  /** 1 for users, 2 for hosts. */
  readonly kind: number;
  /** What the authority calls it: for logs. */
  readonly keyId: string;
  /** Names it may be used under. */
  readonly principals: readonly string[];
  /** Seconds since 1970; valid from this one on … */
  readonly validAfter: bigint;
  /** … and no longer from this one on. */
  readonly validBefore: bigint;
  readonly options: CertificateOptions;
  readonly authority: PublicKey;
  readonly signature: Buffer;
  /** What the authority signed. */
  readonly signedPart: Buffer;
}

/** The key type that certificates of this type hold; undefined where it is no certificate type. */
export function certifiedKeyType(type: string): string | undefined {
  if (!type.endsWith(SUFFIX)) return undefined;
  const name = type.slice(0, -SUFFIX.length);
  return name.startsWith('sk-') ? `${name}${SECURITY_KEY_SUFFIX}` : name;
}

/**
 * Reads a certificate. @throws PublicKeyError with what is wrong, safe to log
 */
export function parseCertificate(blob: Buffer): Certificate {
  try {
    return readCertificate(Buffer.from(blob));
  } catch (error) {
    if (error instanceof PublicKeyError) throw error;
    throw new PublicKeyError('the certificate is malformed', { cause: error });
  }
}

/**
 * Whether a user may log in with it now, as far as its fields go. Its signature is checked by `checkAuthority`; who trusts
 * the authority, and for which names, is asked elsewhere.
 * @throws PublicKeyError with what is wrong, safe to log
 */
export function checkCertificate(
  { kind, principals, validAfter, validBefore }: Certificate,
  nowSeconds: number,
): void {
  const now = BigInt(Math.floor(nowSeconds));
  if (kind !== USER_KIND) throw new PublicKeyError('the certificate is not one for users');
  if (now < validAfter) throw new PublicKeyError('the certificate is not valid yet');
  if (now >= validBefore) throw new PublicKeyError('the certificate has expired');
  // Once "anybody", which nobody meant (CVE-2024-7594).
  if (principals.length === 0) throw new PublicKeyError('the certificate names no principals');
}

/**
 * Whether the authority has signed it. Only for one that is trusted: a stranger's RSA key of 16384 bits takes 6 ms.
 * @param algorithms signature algorithms the authority may have used
 * @throws PublicKeyError
 */
export function checkAuthority(certificate: Certificate, algorithms: readonly string[]): void {
  if (!isSignedByAuthority(certificate, algorithms))
    throw new PublicKeyError('the signature of the certificate is not one of its authority');
}

function isSignedByAuthority(
  { authority, signedPart, signature }: Certificate,
  algorithms: readonly string[],
): boolean {
  const name = signatureName(signature);
  const algorithm = signatureAlgorithm(name);
  if (algorithm === undefined || !algorithms.includes(name)) return false;
  const verified = verifiedSignature(algorithm, authority, signedPart, signature);
  return verified !== undefined && verified.flags?.isUserPresent !== false;
}

function signatureName(signature: Buffer): string {
  try {
    return new ByteReader(signature).ascii();
  } catch {
    return '';
  }
}

function readCertificate(blob: Buffer): Certificate {
  const reader = new ByteReader(blob);
  const type = reader.ascii();
  const keyType = certifiedKeyType(type);
  if (keyType === undefined) throw new PublicKeyError('the key is no certificate');
  // The nonce only makes the hash of the certificate hard to foresee.
  reader.string();
  const key = readPublicKey(keyType, reader);
  const serial = uint64(reader);
  const kind = reader.uint32();
  const keyId = reader.text();
  const principals = readPrincipals(reader.string());
  const validAfter = uint64(reader);
  const validBefore = uint64(reader);
  const options = readCertificateOptions(reader.string(), reader.string());
  reader.string();
  const authority = readAuthority(reader.string());
  const signedPart = reader.since(0);
  const signature = reader.string();
  if (reader.remaining > 0) throw new PublicKeyError('the certificate has bytes behind its end');
  return {
    type,
    key,
    serial,
    kind,
    keyId,
    principals,
    validAfter,
    validBefore,
    options,
    authority,
    signature,
    signedPart,
  };
}

function readPrincipals(list: Buffer): readonly string[] {
  const reader = new ByteReader(list);
  const principals: string[] = [];
  while (reader.remaining > 0) {
    if (principals.length >= MAX_PRINCIPALS)
      throw new PublicKeyError(`the certificate names more than ${MAX_PRINCIPALS} principals`);
    principals.push(reader.text());
  }
  return principals;
}

/** The declared type is looked at first: certificates within certificates overflowed the stack of others. */
function readAuthority(blob: Buffer): PublicKey {
  if (certifiedKeyType(new ByteReader(blob).ascii()) !== undefined)
    throw new PublicKeyError('the authority of the certificate is a certificate itself');
  return parsePublicKey(blob);
}

/** The whole range: "for ever" is the largest number there is. */
function uint64(reader: ByteReader): bigint {
  return reader.bytes(8).readBigUInt64BE();
}
