/** Options of the `onelogin` provider. */

import { z } from 'zod';
import { secureUrl } from '../../upstream/secure-url.ts';
import { secondFactor, signInName } from '../options.ts';
import { DEFAULT_DEVICE_ORDER } from './devices.ts';

export const oneLoginOptions = z
  .strictObject({
    url: secureUrl.describe('URL of the account, such as `https://example.onelogin.com`; no path.'),
    subdomain: z
      .string()
      .regex(/^[A-Za-z0-9-]+$/)
      .optional()
      .describe('Name of the account; by default the first part of the host in `url`.'),
    clientId: z
      .string()
      .min(1)
      .describe('Client id of the API credentials, with the scope `Authentication Only` or more.'),
    clientSecret: z.string().min(1).describe('Their client secret.'),
    ...signInName,
    names: z
      .array(z.enum(['username', 'email']))
      .min(1)
      .default(['username', 'email'])
      .describe(
        'What the name of a login may be at OneLogin: the user name, or the e-mail address; without the latter where users can change it ' +
          'themselves. A login under another name is refused.',
      ),
    ...secondFactor,
    deviceOrder: z
      .array(z.string().min(1).max(64))
      .min(1)
      .default([...DEFAULT_DEVICE_ORDER])
      .describe('Types of devices that may be used, as OneLogin names them, the preferred ones first.'),
    deviceChoice: z
      .enum(['ask', 'first'])
      .default('ask')
      .describe(
        'With `mfa: prompts` and several usable devices: ask which one, or take the first of `deviceOrder`.',
      ),
    readUsers: z
      .boolean()
      .default(false)
      .describe(
        'Whether users are read: for the state of the account, at key logins too, for attributes, and for roles as groups by their ids. ' +
          'Needs the scope `Read Users`.',
      ),
    timeoutSeconds: z.int().min(1).max(30).default(5).describe('Longest wait for one answer of OneLogin.'),
  })
  .refine(({ url }) => ['', '/'].includes(pathOf(url)), {
    path: ['url'],
    error: 'is the URL of the account without a path: https://example.onelogin.com',
  })
  .refine(
    ({ url, subdomain }) => subdomain !== undefined || URL.parse(url)?.hostname.endsWith('.onelogin.com'),
    {
      path: ['subdomain'],
      error: 'is needed, because the host of url is not of onelogin.com',
    },
  );

export type OneLoginOptions = z.output<typeof oneLoginOptions>;

function pathOf(text: string): string {
  const url = URL.parse(text);
  return url === null ? '' : `${url.pathname}${url.search}${url.hash}`;
}
