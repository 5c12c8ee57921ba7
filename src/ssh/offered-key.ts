/** The key of a publickey request: what was offered, how it signs, and under which conditions it may be used. */

import type { AddressList } from './address-list.ts';
import type { KeyTerms } from './authenticator.ts';
import { type Certificate, certifiedKeyType, parseCertificate } from './certificate.ts';
import { type PublicKey, PublicKeyError, parsePublicKey } from './public-key.ts';
import type { SecurityKeyFlags } from './security-key.ts';
import { type SignatureAlgorithm, signatureAlgorithm } from './signature.ts';

export interface OfferedKey {
  /** The key that signs; with a certificate the key in it. */
  readonly key: PublicKey;
  readonly certificate?: Certificate;
  /** How the user's signature is made. */
  readonly algorithm: SignatureAlgorithm;
}

/**
 * Reads the blob of a request. A certificate is asked for by the name of its signature algorithm:
 * `rsa-sha2-512-cert-v01@openssh.com` stands for a blob of type `ssh-rsa-cert-v01@openssh.com` and `rsa-sha2-512`.
 * @param algorithms signature algorithms users may sign with
 * @throws PublicKeyError with what is wrong, safe to log
 */
export function readOfferedKey(
  algorithmName: string,
  blob: Buffer,
  algorithms: readonly string[],
): OfferedKey {
  const certifiedName = certifiedKeyType(algorithmName);
  const algorithm = signatureAlgorithm(certifiedName ?? algorithmName);
  if (algorithm === undefined || !algorithms.includes(algorithm.name))
    throw new PublicKeyError(`signatures of ${algorithmName.slice(0, 64)} are not accepted`);
  const certificate = certifiedName === undefined ? undefined : parseCertificate(blob);
  const key = certificate?.key ?? parsePublicKey(blob);
  if (key.type !== algorithm.keyType)
    throw new PublicKeyError('the request names an algorithm of another type of key');
  return { key, algorithm, ...(certificate === undefined ? {} : { certificate }) };
}

/** What a certificate and the terms of whoever accepts it ask for, together. */
export interface KeyConditions {
  /** The client must come from an address of each. */
  readonly sourceLists: readonly AddressList[];
  readonly isSftpForced: boolean;
  readonly isVerificationRequired: boolean;
  readonly isTouchOptional: boolean;
}

export function conditionsOf({ certificate }: OfferedKey, terms: KeyTerms): KeyConditions {
  const options = certificate?.options;
  const sourceLists = [options?.sourceAddresses, terms.sourceAddresses].filter((list) => list !== undefined);
  return {
    sourceLists,
    isSftpForced: options?.isSftpForced === true,
    isVerificationRequired: options?.isVerificationRequired === true || terms.isVerificationRequired === true,
    // Both must allow it where both have a say, as in OpenSSH.
    isTouchOptional:
      (terms.isTouchOptional ?? certificate !== undefined) && options?.isTouchOptional !== false,
  };
}

/** Whether the client may come from where it comes. An address that is not known is on no list. */
export function admitsSource({ sourceLists }: KeyConditions, sourceAddress: string | undefined): boolean {
  return sourceLists.every((list) => sourceAddress !== undefined && list.includes(sourceAddress));
}

/** What a security key lacks; undefined where it satisfies, and for keys that are none. */
export function missingProof(
  conditions: KeyConditions,
  flags: SecurityKeyFlags | undefined,
): 'USER_NOT_PRESENT' | 'USER_NOT_VERIFIED' | undefined {
  if (flags !== undefined && !flags.isUserPresent && !conditions.isTouchOptional) return 'USER_NOT_PRESENT';
  if (conditions.isVerificationRequired && flags?.isUserVerified !== true) return 'USER_NOT_VERIFIED';
  return undefined;
}
