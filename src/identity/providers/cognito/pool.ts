/** Where a user pool is: its region, the issuer of its tokens and the keys that sign them. */

import type { CognitoOptions } from './options.ts';

export interface Pool {
  readonly id: string;
  readonly region: string;
  readonly issuer: string;
  readonly jwksUrl: URL;
}

/** The id of a pool begins with its region, except in emulators. */
export function poolOf(options: CognitoOptions, defaultRegion: string): Pool {
  const { userPoolId: id, endpoint, issuer: givenIssuer, jwksUrl } = options;
  const named = /^(?<region>[a-z]{2,}(?:-[a-z]+)+-\d+)_/.exec(id)?.groups?.region;
  const region = options.region ?? named ?? defaultRegion;
  const issuer = givenIssuer ?? `https://cognito-idp.${region}.amazonaws.com/${id}`;
  const base = endpoint === undefined ? issuer : `${endpoint.replace(/\/+$/, '')}/${id}`;
  return { id, region, issuer, jwksUrl: new URL(jwksUrl ?? `${base}/.well-known/jwks.json`) };
}
