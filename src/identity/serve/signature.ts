/** Verifies that a request was signed with a known key: AWS Signature Version 4, as API Gateway verifies AWS_IAM. */

import { createHash } from 'node:crypto';
import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import type { Secret } from '../secret.ts';
import { HEADERS, SIGNED_SERVICE } from '../transports/method-protocol.ts';
import { isSameText } from './same-text.ts';

/** How far the clock of the caller may be off, as AWS tolerates it. */
const MAX_SKEW_MS = 5 * 60_000;

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=(?<keyId>\w{1,128})\/(?<day>\d{8})\/(?<region>[a-z0-9-]{1,64})\/(?<service>[a-z0-9-]{1,64})\/aws4_request, ?SignedHeaders=(?<signed>[a-z0-9;-]{1,4096}), ?Signature=(?<signature>[0-9a-f]{64})$/;
const AMZ_DATE = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/;
const CONTENT_HASH = 'x-amz-content-sha256';

/** What changes the meaning of a request has to be signed. */
const MUST_BE_SIGNED = ['host', 'x-amz-date'];
const MUST_BE_SIGNED_IF_SENT = [HEADERS.password, HEADERS.passwordBase64, HEADERS.sourceIp].map((name) =>
  name.toLowerCase(),
);

export interface SigningKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: Secret;
}

/** A request as it came over the wire. */
export interface WireRequest {
  readonly method: string;
  /** Path and query, not decoded. */
  readonly target: string;
  /** Names in small letters. A header that came more than once is not in it. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

export class SignatureCheck {
  readonly #keys: ReadonlyMap<string, Secret>;
  readonly #now: () => number;

  constructor(keys: readonly SigningKey[], now: () => number) {
    this.#keys = new Map(keys.map(({ accessKeyId, secretAccessKey }) => [accessKeyId, secretAccessKey]));
    this.#now = now;
  }

  async accepts(request: WireRequest): Promise<boolean> {
    const { headers, body } = request;
    const { keyId, day, region, service, signed, signature } =
      AUTHORIZATION.exec(headers.get('authorization') ?? '')?.groups ?? {};
    const secret = this.#keys.get(keyId ?? '');
    const date = headers.get('x-amz-date') ?? '';
    if (keyId === undefined || region === undefined || signed === undefined || signature === undefined)
      return false;
    if (secret === undefined || service !== SIGNED_SERVICE || date.slice(0, 8) !== day) return false;
    const signingDate = this.#freshDate(date);
    const names = new Set(signed.split(';'));
    const contentHash = headers.get(CONTENT_HASH);
    if (signingDate === undefined || !signsEnough(names, headers)) return false;
    // The signature covers the header; only this makes it cover the body.
    if (contentHash !== undefined && contentHash !== sha256(body)) return false;
    const signer = new SignatureV4({
      service,
      region,
      credentials: { accessKeyId: keyId, secretAccessKey: secret.reveal() },
      sha256: Sha256,
      applyChecksum: false,
    });
    const expected = await signer.sign(canonicalInput(request, names), {
      signingDate,
      signableHeaders: names,
    });
    const [, expectedSignature = ''] = (expected.headers.authorization ?? '').split('Signature=');
    return isSameText(signature, expectedSignature);
  }

  #freshDate(text: string): Date | undefined {
    const date = new Date(text.replace(AMZ_DATE, '$1-$2-$3T$4:$5:$6Z'));
    return AMZ_DATE.test(text) && Math.abs(date.getTime() - this.#now()) <= MAX_SKEW_MS ? date : undefined;
  }
}

function signsEnough(names: ReadonlySet<string>, headers: ReadonlyMap<string, string>): boolean {
  return (
    MUST_BE_SIGNED.every((name) => names.has(name)) &&
    MUST_BE_SIGNED_IF_SENT.every((name) => !headers.has(name) || names.has(name)) &&
    [...names].every((name) => headers.has(name))
  );
}

function canonicalInput({ method, target, headers, body }: WireRequest, names: ReadonlySet<string>) {
  const [path = '', search = ''] = target.split('?', 2);
  const query: Record<string, string[]> = {};
  // `+` stands for itself in a signed query, and for a blank in a form.
  for (const [name, value] of new URLSearchParams(search.replaceAll('+', '%2B')))
    query[name] = [...(query[name] ?? []), value];
  return {
    method,
    protocol: 'https:',
    hostname: headers.get('host') ?? '',
    path,
    query,
    headers: Object.fromEntries([...headers].filter(([name]) => names.has(name))),
    body,
  };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
