/** Options of the `oidc` provider. */

import { z } from 'zod';
import { secureUrl } from '../../upstream/secure-url.ts';
import { identityBinding } from '../identity-binding.ts';
import { secondFactor, signInName } from '../options.ts';

export const oidcOptions = z
  .strictObject({
    issuer: secureUrl.describe(
      'Issuer identifier; the rest is discovered at `/.well-known/openid-configuration` below it.',
    ),
    clientId: z.string().min(1).describe('Client id of our registration.'),
    clientSecret: z.string().min(1).optional().describe('Its secret; none for a public client.'),
    clientAuthentication: z
      .enum(['basic', 'post'])
      .default('basic')
      .describe('How the secret is sent: `client_secret_basic` or `client_secret_post`.'),
    flow: z
      .enum(['password', 'device', 'link'])
      .describe(
        '`password`: the password grant, where it is offered. `device`: the user enters a code in a browser (RFC 8628). `link`: the ' +
          'user opens a link and types the code that the redirect page shows. The last two need SFTP with `KeyboardInteractive: PROVIDER`.',
      ),
    scopes: z
      .array(z.string().regex(/^\S+$/))
      .default(['openid', 'profile'])
      .describe('Scopes that are asked for, `openid` among them.'),
    ...signInName,
    ...identityBinding,
    ...secondFactor,
    codeField: z
      .string()
      .regex(/^[A-Za-z0-9_-]+$/)
      .default('totp')
      .describe(
        'With `flow: password` and `mfa`: the field of the form that takes the code; `totp` at Keycloak.',
      ),
    codeProof: z
      .enum(['claims', 'required-by-provider'])
      .default('claims')
      .describe(
        'With `flow: password` and `mfa`: what shows that the code was checked. `claims`: `requireAcr` or `requireAmr`. ' +
          '`required-by-provider`: the identity provider is set up to refuse everybody without a right code, those without a device ' +
          'too; nothing here can check that.',
      ),
    requireAcr: z
      .array(z.string().min(1))
      .optional()
      .describe('Values of the claim `acr` of which one must be there.'),
    requireAmr: z
      .array(z.string().min(1))
      .optional()
      .describe('Values of the claim `amr` that must all be there, such as `mfa`.'),
    maxAuthAgeSeconds: z
      .int()
      .min(1)
      .optional()
      .describe('Longest time since the user proved themselves to the identity provider (`auth_time`).'),
    groupsClaim: z
      .string()
      .min(1)
      .default('groups')
      .describe('The claim with the names of groups; `realm_access.roles` is the member of a claim.'),
    userInfo: z
      .boolean()
      .default(false)
      .describe('Whether further claims are read from the UserInfo endpoint: one more call.'),
    waiting: z
      .enum(['enter', 'poll'])
      .default('enter')
      .describe(
        'With `flow: device`: the user presses Enter when it is done, which every client can show; or nothing is to be typed.',
      ),
    browserSeconds: z
      .int()
      .min(30)
      .max(900)
      .default(180)
      .describe('With `flow: device` and `link`: longest time for what the user does in the browser.'),
    redirectUri: secureUrl
      .refine((text) => !/[?#]/.test(text), { error: 'has neither a query nor a fragment' })
      .optional()
      .describe('With `flow: link`: the page that the browser ends at, which shows the user the code.'),
    timeoutSeconds: z
      .int()
      .min(1)
      .max(30)
      .default(5)
      .describe('Longest wait for one answer of the identity provider.'),
  })
  .refine(({ scopes }) => scopes.includes('openid'), { path: ['scopes'], error: 'openid is missing' })
  .refine(({ flow, redirectUri }) => flow !== 'link' || redirectUri !== undefined, {
    path: ['redirectUri'],
    error: 'is needed for flow link',
  })
  .refine(({ flow, identityMatch }) => flow === 'password' || identityMatch !== 'none', {
    path: ['identityMatch'],
    error: 'may be none with flow password only: anybody could approve the login of anybody',
  })
  .refine(({ flow, mfa }) => flow === 'password' || mfa === 'none', {
    path: ['mfa'],
    error:
      'is for flow password; in a browser the identity provider asks, and requireAmr or requireAcr proves it',
  })
  .refine(
    ({ mfa, codeProof, requireAcr = [], requireAmr = [] }) =>
      mfa === 'none' || codeProof !== 'claims' || requireAcr.length + requireAmr.length > 0,
    {
      path: ['codeProof'],
      error:
        'claims needs requireAcr or requireAmr: an identity provider ignores a code that it does not ask for',
    },
  );

export type OidcOptions = z.output<typeof oidcOptions>;
