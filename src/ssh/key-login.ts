/** The publickey method (RFC 4252 section 7): which keys would do, and which one has signed this session. */

import { ByteWriter } from '../wire/byte-writer.ts';
import type { KeyRequest, SignedPart } from './auth-request.ts';
import type { Authenticator, KeyAttempt, KeyTerms, LayerRefusal } from './authenticator.ts';
import { type Certificate, checkAuthority, checkCertificate } from './certificate.ts';
import {
  admitsSource,
  conditionsOf,
  type KeyConditions,
  missingProof,
  type OfferedKey,
  readOfferedKey,
} from './offered-key.ts';
import { PublicKeyError } from './public-key.ts';
import { verifiedSignature } from './signature.ts';

const MS = 1000;

export interface KeyLoginOptions<Identity> {
  readonly authenticator: Authenticator<Identity>;
  /** Signature algorithms of users and of authorities. */
  readonly algorithms: readonly string[];
  readonly sourceAddress: string | undefined;
  /** H of the first key exchange: what signatures are bound to. */
  readonly sessionId: () => Buffer;
}

/** A key that may be used, and under which conditions. */
export interface UsableKey {
  readonly outcome: 'usable';
  readonly attempt: KeyAttempt;
  readonly offered: OfferedKey;
  readonly conditions: KeyConditions;
}

export interface UnusableKey {
  readonly outcome: 'unusable';
  /** Absent where the authenticator said no: it keeps its own record. */
  readonly refusal?: LayerRefusal;
  readonly cause?: unknown;
}

export class KeyLogin<Identity> {
  readonly #options: KeyLoginOptions<Identity>;
  /** Keys that finished a step. One key is one factor, with or without its certificate. */
  readonly #usedKeys = new Set<string>();
  /** Stay in force whatever step comes last (CVE-2026-39828, CVE-2026-46595). */
  readonly #conditions: KeyConditions[] = [];

  constructor(options: KeyLoginOptions<Identity>) {
    this.#options = options;
  }

  /** Whether every key that finished a step may be used from where the client is. */
  get admitsSource(): boolean {
    return this.#conditions.every((conditions) => admitsSource(conditions, this.#options.sourceAddress));
  }

  /** Whether a key that finished a step allows nothing but SFTP. */
  get isSftpForced(): boolean {
    return this.#conditions.some(({ isSftpForced }) => isSftpForced);
  }

  /** Everything that can be said of a key before it signs; the order is cheap before dear, ours before others'. */
  async examine(
    attempt: Omit<KeyAttempt, 'key' | 'certificate'>,
    request: KeyRequest,
  ): Promise<UsableKey | UnusableKey> {
    const offered = this.#read(request);
    if ('outcome' in offered) return offered;
    const { key, certificate } = offered;
    if (this.#usedKeys.has(key.blob.toString('base64'))) return unusable('KEY_ALREADY_USED');
    // Where the certificate may not be used nobody is asked about it.
    if (!admitsSource(conditionsOf(offered, {}), this.#options.sourceAddress))
      return unusable('SOURCE_ADDRESS_REFUSED');
    const keyAttempt = { ...attempt, key, ...(certificate === undefined ? {} : { certificate }) };
    const answer = await this.#options.authenticator.acceptsKey(keyAttempt);
    const terms = answer === true ? {} : answer;
    // Anything but an explicit yes is a no.
    if (typeof terms !== 'object' || terms === null) return { outcome: 'unusable' };
    return this.#meet(keyAttempt, offered, terms);
  }

  /** Undefined when this key has signed this session and satisfies; else why not. */
  refusalOf(usable: UsableKey, signed: SignedPart): LayerRefusal | undefined {
    const { algorithm, key } = usable.offered;
    const sessionId = new ByteWriter(128).string(this.#options.sessionId()).finish();
    const message = Buffer.concat([sessionId, signed.message]);
    const signature = verifiedSignature(algorithm, key, message, signed.signature);
    if (signature === undefined) return 'SIGNATURE_INVALID';
    return missingProof(usable.conditions, signature.flags);
  }

  /** The key has finished a step: from now on it is used, and its conditions hold. */
  keep({ offered, conditions }: UsableKey): void {
    this.#usedKeys.add(offered.key.blob.toString('base64'));
    this.#conditions.push(conditions);
  }

  /** A key that cannot be read fails its attempt, not the connection. */
  #read({ algorithm, blob }: KeyRequest): OfferedKey | UnusableKey {
    const { algorithms } = this.#options;
    let refusal: LayerRefusal = 'KEY_UNUSABLE';
    try {
      const offered = readOfferedKey(algorithm, blob, algorithms);
      refusal = 'CERTIFICATE_INVALID';
      if (offered.certificate !== undefined) checkCertificate(offered.certificate, Date.now() / MS);
      return offered;
    } catch (cause) {
      return rejected(refusal, cause);
    }
  }

  #meet(attempt: KeyAttempt, offered: OfferedKey, terms: KeyTerms): UsableKey | UnusableKey {
    const conditions = conditionsOf(offered, terms);
    const names = terms.principals ?? [attempt.userName];
    const isNamed = offered.certificate?.principals.some((principal) => names.includes(principal)) ?? true;
    if (!isNamed) return unusable('PRINCIPAL_MISSING');
    if (!admitsSource(conditions, this.#options.sourceAddress)) return unusable('SOURCE_ADDRESS_REFUSED');
    const refusal = offered.certificate && this.#forgeryOf(offered.certificate);
    return refusal ?? { outcome: 'usable', attempt, offered, conditions };
  }

  /** Undefined when the authority, which is trusted by now, has signed the certificate. */
  #forgeryOf(certificate: Certificate): UnusableKey | undefined {
    try {
      checkAuthority(certificate, this.#options.algorithms);
      return undefined;
    } catch (cause) {
      return rejected('CERTIFICATE_INVALID', cause);
    }
  }
}

/** What is wrong with a key refuses it. @throws any other error */
function rejected(refusal: LayerRefusal, cause: unknown): UnusableKey {
  if (cause instanceof PublicKeyError) return { ...unusable(refusal), cause };
  throw cause;
}

function unusable(refusal: LayerRefusal): UnusableKey {
  return { outcome: 'unusable', refusal };
}
