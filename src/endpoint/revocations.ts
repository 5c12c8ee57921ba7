/** What nobody logs in with any more, although it is listed or signed: keys, authorities and single certificates. */

import type { RefusalCode } from '../identity/index.ts';
import { type Certificate, fingerprint, type PublicKey } from '../ssh/index.ts';

/** As in the configuration: serials and ranges of them as text. */
export interface RevokedCertificates {
  /** Fingerprint; without it those of every authority. */
  readonly Authority?: string | undefined;
  readonly Serials: readonly string[];
  readonly KeyIds: readonly string[];
}

interface SerialRange {
  readonly first: bigint;
  readonly last: bigint;
}

interface CertificateRule {
  readonly authority: string | undefined;
  readonly serials: readonly SerialRange[];
  readonly keyIds: ReadonlySet<string>;
}

export interface Revocations {
  /** SHA256 fingerprints. */
  readonly keys: ReadonlySet<string>;
  readonly certificates: readonly CertificateRule[];
}

export const NOTHING_REVOKED: Revocations = { keys: new Set(), certificates: [] };

/** @param keys SHA256 fingerprints, as ssh-keygen prints them */
export function readRevocations(
  keys: readonly string[],
  certificates: readonly RevokedCertificates[],
): Revocations {
  return {
    keys: new Set(keys),
    certificates: certificates.map(({ Authority, Serials, KeyIds }) => ({
      authority: Authority,
      serials: Serials.map(readRange),
      keyIds: new Set(KeyIds),
    })),
  };
}

/** Why the key or the certificate may not be used; undefined where nothing was revoked. */
export function revocationOf(
  key: PublicKey,
  certificate: Certificate | undefined,
  { keys, certificates }: Revocations,
): RefusalCode | undefined {
  const blobs = certificate === undefined ? [key.blob] : [key.blob, certificate.authority.blob];
  if (keys.size > 0 && blobs.some((blob) => keys.has(fingerprint(blob)))) return 'KEY_REVOKED';
  if (certificate === undefined) return undefined;
  return certificates.some((rule) => names(rule, certificate)) ? 'CERTIFICATE_REVOKED' : undefined;
}

function names({ authority, serials, keyIds }: CertificateRule, certificate: Certificate): boolean {
  if (authority !== undefined && authority !== fingerprint(certificate.authority.blob)) return false;
  const { serial, keyId } = certificate;
  return keyIds.has(keyId) || serials.some(({ first, last }) => serial >= first && serial <= last);
}

function readRange(text: string): SerialRange {
  const [first = '', last = first] = text.split('-');
  return { first: BigInt(first), last: BigInt(last) };
}
