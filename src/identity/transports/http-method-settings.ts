/** What is known of an HTTP method that answers logins, and what about it cannot be accepted. */

import { isSecure } from '../upstream/secure-url.ts';

export interface HttpMethodSettings {
  /** Where the method is; `/servers/{serverId}/users/{username}/config` is appended. */
  readonly url: string;
  /** ARN of the role whose credentials sign the call; without it nothing is signed. */
  readonly invocationRole?: string;
  /** Of the signature; by default the one in the host name of an AWS API. */
  readonly region?: string;
  readonly apiKey?: string;
  /** Longest time for one answer. Default 10 s. */
  readonly timeoutMs?: number;
}

/** `abcde12345.execute-api.eu-west-3.amazonaws.com` */
const AWS_HOST = /\.execute-api\.(?<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/;

/** Why the settings cannot be used, in words that name the fix; undefined where they can. */
export function problemOf({ url, invocationRole, region }: HttpMethodSettings): string | undefined {
  const { username, search, hash } = new URL(url);
  if (!isSecure(url)) return `${url} would be sent passwords in clear: use https, or a loopback address`;
  if (username !== '' || search !== '' || hash !== '')
    return `the URL of an HTTP method has neither a user name nor a query nor a fragment`;
  if (
    invocationRole !== undefined &&
    regionOf({ url, ...(region === undefined ? {} : { region }) }) === undefined
  )
    return `the region of the signature is not in the host name of ${url}: set Region`;
  return undefined;
}

/** The region that calls are signed for. */
export function regionOf({ url, region }: Pick<HttpMethodSettings, 'url' | 'region'>): string | undefined {
  return region ?? AWS_HOST.exec(new URL(url).hostname)?.groups?.region;
}
