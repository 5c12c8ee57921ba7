/** Whether an offered key, or the authority of an offered certificate, is one of those a user may log in with. */

import { type Refused, refused } from '../identity/index.ts';
import {
  type AuthorizedKey,
  type Certificate,
  type KeyAttempt,
  type KeyTerms,
  type PublicKey,
  PublicKeyError,
  parseAuthorizedKey,
} from '../ssh/index.ts';
import { type Revocations, revocationOf } from './revocations.ts';

/** The key may be used, under these terms. */
export interface Listed {
  readonly outcome: 'listed';
  readonly terms: KeyTerms;
}

export interface KeyPlace {
  /** The user's lines, as the provider gave them. */
  readonly lines: readonly AuthorizedKey[];
  /** Authorities the server trusts for every user. */
  readonly trustedAuthorities: readonly PublicKey[];
  readonly revocations: Revocations;
  readonly sourceIp: string;
  readonly nowMs: number;
}

/** Reads the lines of an answer. One that cannot be read, or be obeyed, does not lock the user's other keys out. */
export function readKeyLines(
  lines: readonly string[],
  onSkipped: (error: PublicKeyError) => void,
): readonly AuthorizedKey[] {
  return lines.flatMap((line) => {
    try {
      return [parseAuthorizedKey(line)];
    } catch (error) {
      if (!(error instanceof PublicKeyError)) throw error;
      onSkipped(error);
      return [];
    }
  });
}

/** A certificate is looked for among the authorities only, a key among the keys only. */
export function judgeKey({ userName, key, certificate }: KeyAttempt, place: KeyPlace): Listed | Refused {
  const revocation = revocationOf(key, certificate, place.revocations);
  if (revocation !== undefined) return refused(revocation);
  if (certificate !== undefined) return judgeCertificate(certificate, userName, place);
  const lines = place.lines.filter((line) => !line.isAuthority && line.key.blob.equals(key.blob));
  return bestOf(lines, place) ?? refused('KEY_NOT_LISTED');
}

/** The SSH layer sees to it that a principal is named; here it only tells which of several terms are meant. */
function judgeCertificate(
  { authority, principals }: Certificate,
  userName: string,
  place: KeyPlace,
): Listed | Refused {
  const isNamedBy = (names: readonly string[]): boolean => names.some((name) => principals.includes(name));
  const isTrusted = place.trustedAuthorities.some(({ blob }) => blob.equals(authority.blob));
  const lines = place.lines.filter((line) => line.isAuthority && line.key.blob.equals(authority.blob));
  if (isTrusted && (lines.length === 0 || isNamedBy([userName]))) return { outcome: 'listed', terms: {} };
  const named = lines.filter((line) => isNamedBy(line.principals ?? [userName]));
  return bestOf(named.length > 0 ? named : lines, place) ?? refused('CERTIFICATE_NOT_TRUSTED');
}

/** The first line that may be used now and from here; else why the last may not. */
function bestOf(lines: readonly AuthorizedKey[], place: KeyPlace): Listed | Refused | undefined {
  const judged = lines.map((line): Listed | Refused => {
    if (line.expiresAtMs !== undefined && place.nowMs >= line.expiresAtMs) return refused('KEY_EXPIRED');
    if (line.sourceAddresses?.includes(place.sourceIp) === false) return refused('KEY_SOURCE_REFUSED');
    return { outcome: 'listed', terms: line };
  });
  return judged.find(({ outcome }) => outcome === 'listed') ?? judged.at(-1);
}
