/** Makes a person of the tokens of a grant, after everything that was asked of them is checked. */

import {
  type Configuration,
  fetchUserInfo,
  type TokenEndpointResponse,
  type TokenEndpointResponseHelpers,
} from 'openid-client';
import { z } from 'zod';
import { Denied, IdentityFault } from '../../decision.ts';
import { attributesOf } from '../attributes.ts';
import { type Claims, requireIdentity, verifiedClaims } from '../identity-binding.ts';
import type { Group, Login, Person, Proof } from '../provider.ts';
import { signInNameOf } from '../sign-in-name.ts';
import type { OidcOptions } from './options.ts';

/** Clocks differ. */
const CLOCK_TOLERANCE_SECONDS = 30;
const MS_PER_SECOND = 1000;

export type Tokens = TokenEndpointResponse & TokenEndpointResponseHelpers;

type SubjectClaims = Claims & { readonly sub: string };

const texts = z.union([z.array(z.string()), z.string().transform((text) => [text])]);

/** The claims of the id token and, where configured, of the UserInfo endpoint; the id token wins. @throws IdentityFault */
export async function claimsOf(
  tokens: Tokens,
  configuration: Configuration,
  { userInfo }: Pick<OidcOptions, 'userInfo'>,
): Promise<SubjectClaims> {
  const claims = tokens.claims();
  if (claims === undefined || claims.sub === '')
    throw new IdentityFault('UPSTREAM_ANSWER_INVALID', 'The identity provider gives no id token.');
  if (!userInfo) return { ...claims };
  return withUserInfo(await fetchUserInfo(configuration, tokens.access_token, claims.sub), claims);
}

/**
 * How somebody proved themselves only the id token says: elsewhere the same names may be attributes that users write. An address and the
 * word that it is verified are of one source.
 */
function withUserInfo(told: Claims, claims: SubjectClaims): SubjectClaims {
  const { acr: _acr, amr: _amr, auth_time: _authTime, email, email_verified, ...others } = told;
  const hasAddress = 'email' in claims || 'email_verified' in claims;
  return { ...others, ...(hasAddress ? {} : { email, email_verified }), ...claims };
}

/** @throws Denied IDENTITY_MISMATCH, MFA_REQUIRED */
export function personOf(
  claims: SubjectClaims,
  login: Login,
  settings: {
    readonly options: OidcOptions;
    readonly proofs: readonly Proof[];
    readonly nowMs: number;
  },
): Person {
  const { options, proofs, nowMs } = settings;
  requireIdentity(claims, login, options);
  requireAssurance(claims, options, nowMs);
  const verified = verifiedClaims(claims);
  const name = verified[options.identityClaim];
  return {
    subject: claims.sub,
    userName: typeof name === 'string' && name !== '' ? name : signInNameOf(login.userName, options),
    attributes: attributesOf(verified),
    groups: groupsOf(claims, options.groupsClaim),
    proofs,
  };
}

function requireAssurance(
  claims: Claims,
  {
    requireAcr,
    requireAmr,
    maxAuthAgeSeconds,
  }: Pick<OidcOptions, 'requireAcr' | 'requireAmr' | 'maxAuthAgeSeconds'>,
  nowMs: number,
): void {
  const { acr, amr, auth_time: authTime } = claims;
  if (requireAcr !== undefined && !(typeof acr === 'string' && requireAcr.includes(acr)))
    throw new Denied('MFA_REQUIRED', 'The claim acr is none of requireAcr.');
  const methods = texts.safeParse(amr).data ?? [];
  if (requireAmr?.some((method) => !methods.includes(method)))
    throw new Denied('MFA_REQUIRED', 'The claim amr lacks one of requireAmr.');
  if (maxAuthAgeSeconds === undefined) return;
  const ageSeconds = typeof authTime === 'number' ? nowMs / MS_PER_SECOND - authTime : Number.NaN;
  const isBetween = (from: number, to: number) =>
    ageSeconds >= from - CLOCK_TOLERANCE_SECONDS && ageSeconds <= to + CLOCK_TOLERANCE_SECONDS;
  // A time to come, such as one in milliseconds, would be young for ever.
  if (!isBetween(0, maxAuthAgeSeconds))
    throw new Denied(
      'MFA_REQUIRED',
      'The user proved themselves too long ago, or the token does not say when.',
    );
}

/** Names of claims may hold dots (`https://example.com/groups`), so the whole name comes first. */
function groupsOf(claims: Claims, name: string): readonly Group[] {
  const value = Object.hasOwn(claims, name) ? claims[name] : memberAt(claims, name.split('.'));
  const names = texts.safeParse(value).data ?? [];
  return names.map((each) => ({ id: each, name: each }));
}

function memberAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((at, name) => {
    const members = z.record(z.string(), z.unknown()).safeParse(at).data;
    return members !== undefined && Object.hasOwn(members, name) ? members[name] : undefined;
  }, value);
}
