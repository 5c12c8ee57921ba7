/** Options of the `http` provider. */

import { z } from 'zod';
import { secureUrl } from '../../upstream/secure-url.ts';
import { signInName } from '../options.ts';

/** A field name of RFC 9110 section 5.1, and a value without line breaks. */
const HEADER_NAME = /^[A-Za-z0-9-]{1,64}$/;
const HEADER_VALUE = /^[\x20-\x7e]{1,4096}$/;

const authorization = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('bearer'),
    token: z.string().regex(HEADER_VALUE).describe('Sent as `Authorization: Bearer …`.'),
  }),
  z.strictObject({
    type: z.literal('basic'),
    userName: z.string().min(1).describe('User name of Basic authentication.'),
    password: z.string().min(1).describe('Its password.'),
  }),
  z.strictObject({
    type: z.literal('header'),
    name: z.string().regex(HEADER_NAME).describe('Name of a header, such as `X-Api-Key`.'),
    value: z.string().regex(HEADER_VALUE).describe('Its secret value.'),
  }),
]);

export const httpOptions = z.strictObject({
  url: secureUrl.describe('Where passwords are sent to, with POST.'),
  lookUpUrl: secureUrl
    .optional()
    .describe(
      'Where it is asked who logs in with a key, with POST and without a password; may be the same as `url`. Without it only records speak ' +
        'for key logins. With `dialect: sftpgo` the URL of a pre-login hook.',
    ),
  dialect: z
    .enum(['json', 'sftpgo'])
    .default('json')
    .describe(
      '`json`: the call that is documented here. `sftpgo`: an external authentication hook of SFTPGo.',
    ),
  authorization: authorization.optional().describe('How we prove who we are.'),
  sftpgoLimits: z
    .enum(['refuse', 'ignore'])
    .default('refuse')
    .describe(
      'With `dialect: sftpgo`: what becomes of users with permissions other than all, times of access or file patterns, which do not hold ' +
        'here. `refuse`: they are refused. `ignore`: they get what their profile says; give them a policy there.',
    ),
  ...signInName,
  timeoutSeconds: z.int().min(1).max(60).default(5).describe('Longest wait for an answer.'),
});

export type HttpOptions = z.output<typeof httpOptions>;
