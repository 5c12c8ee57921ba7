/** Options of the `okta` provider. */

import { z } from 'zod';
import { secureUrl } from '../../upstream/secure-url.ts';
import { secondFactor, signInName } from '../options.ts';
import { DEFAULT_FACTOR_ORDER, FACTOR_NAME } from './factors.ts';

const orgUrl = secureUrl.refine((text) => ['', '/'].includes(pathOf(text)), {
  error: 'is the URL of the org without a path: https://example.okta.com',
});

export const oktaOptions = z
  .strictObject({
    orgUrl: orgUrl.describe('URL of the Okta org, such as `https://example.okta.com`; no path.'),
    api: z
      .enum(['authn', 'direct'])
      .default('authn')
      .describe(
        '`authn`: the Authentication API. `direct`: direct authentication of Identity Engine, by the token endpoint.',
      ),
    ...signInName,
    ...secondFactor,
    factorOrder: z
      .array(z.string().regex(FACTOR_NAME))
      .min(1)
      .default([...DEFAULT_FACTOR_ORDER])
      .describe(
        'Second factors that may be used, the preferred ones first: a `factorType` of Okta, or one with its provider such as ' +
          '`token:software:totp/GOOGLE`. One factor is tried in one login.',
      ),
    factorChoice: z
      .enum(['ask', 'first'])
      .default('ask')
      .describe(
        'With `mfa: prompts` and several usable factors: ask which one, or take the first of `factorOrder`.',
      ),
    apiToken: z
      .string()
      .min(1)
      .optional()
      .describe(
        'API token of Okta (SSWS). With it profiles and groups are read, and the state of the account is checked on key logins; ' +
          'without it key logins are never checked with Okta.',
      ),
    readGroups: z
      .boolean()
      .default(true)
      .describe('Whether groups are read with the `apiToken`: one more call.'),
    trustedProxy: z
      .boolean()
      .default(false)
      .describe(
        'Tell Okta the address of the client and a device token at password logins with `api: authn`. Needs `apiToken`, and our ' +
          'own address among the trusted proxies of the org.',
      ),
    clientId: z.string().min(1).optional().describe('With `api: direct`: the client id of the application.'),
    clientSecret: z.string().min(1).optional().describe('Its client secret; none for a native application.'),
    authorizationServerId: z
      .string()
      .regex(/^[A-Za-z0-9_-]+$/)
      .optional()
      .describe(
        'With `api: direct`: a custom authorization server such as `default`; else the one of the org.',
      ),
    scopes: z
      .array(z.string().regex(/^\S+$/))
      .default(['openid', 'profile', 'groups'])
      .describe('With `api: direct`: scopes that are asked for, `openid` among them.'),
    timeoutSeconds: z.int().min(1).max(30).default(5).describe('Longest wait for one answer of Okta.'),
  })
  .refine(({ trustedProxy, apiToken }) => !trustedProxy || apiToken !== undefined, {
    path: ['apiToken'],
    error: 'is needed for trustedProxy',
  })
  .refine(({ api, clientId }) => api !== 'direct' || clientId !== undefined, {
    path: ['clientId'],
    error: 'is needed for direct authentication',
  })
  .refine(({ scopes }) => scopes.includes('openid'), { path: ['scopes'], error: 'openid is missing' });

export type OktaOptions = z.output<typeof oktaOptions>;

function pathOf(text: string): string {
  const url = URL.parse(text);
  return url === null ? '' : `${url.pathname}${url.search}${url.hash}`;
}
