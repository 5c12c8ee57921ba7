/** Options of the `entra` provider. */

import { z } from 'zod';
import { secureUrl } from '../../upstream/secure-url.ts';
import { identityBinding } from '../identity-binding.ts';
import { signInName } from '../options.ts';

const TENANT_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** `common` and `consumers` hold personal accounts, which have neither tenant nor password grant. */
const SHARED = ['common', 'consumers'];

const authority = secureUrl
  .refine((text) => tenantIn(text) !== undefined, {
    error:
      'is the URL of the cloud and one tenant, such as https://login.microsoftonline.com/contoso.onmicrosoft.com',
  })
  .refine((text) => !SHARED.includes(tenantIn(text) ?? ''), {
    error: 'names a tenant; common and consumers are none',
  });

export const entraOptions = z
  .strictObject({
    authority: authority.describe(
      'Cloud and tenant: `https://login.microsoftonline.com/` and the id or a domain of the tenant. Sovereign clouds have other hosts, ' +
        'such as `https://login.microsoftonline.us/`.',
    ),
    tenantId: z
      .string()
      .regex(TENANT_ID)
      .optional()
      .describe(
        'Id of the tenant, a GUID. Needed where `authority` does not hold it: tokens of every other tenant are refused.',
      ),
    clientId: z.string().min(1).describe('Application (client) id of the app registration.'),
    clientSecret: z
      .string()
      .min(1)
      .optional()
      .describe('Its client secret; none where the registration allows public client flows.'),
    flow: z
      .enum(['password', 'device-code'])
      .default('password')
      .describe(
        '`password`: the password grant, which Entra ID refuses to users who need a second factor. `device-code`: the user enters a code ' +
          'in a browser, with whatever Entra ID asks for there; over SFTP with `KeyboardInteractive: PROVIDER`.',
      ),
    scopes: z
      .array(z.string().regex(/^\S+$/))
      .default(['openid', 'profile'])
      .describe('Scopes that are asked for, `openid` among them.'),
    ...signInName,
    ...identityBinding,
    guests: z
      .enum(['refuse', 'allow'])
      .default('refuse')
      .describe(
        'Whether guests of the tenant may log in: people of other tenants and with accounts elsewhere, whose passwords and names are not ' +
          'in the hands of this tenant.',
      ),
    groups: z
      .enum(['claim', 'graph', 'none'])
      .default('claim')
      .describe(
        '`claim`: the claim `groups`, which holds ids; for users with too many groups Graph is asked. `graph`: Graph is always asked, which ' +
          'knows the names too. `none`: no groups.',
      ),
    rolesAsGroups: z
      .boolean()
      .default(false)
      .describe(
        'Whether application roles (the claim `roles`) are groups too, with the id and name `role:` and the value. They are attributes always.',
      ),
    readDirectory: z
      .boolean()
      .default(false)
      .describe(
        'Whether Graph is asked about the user with a token of the application: that the account is enabled, at key logins too, and for ' +
          'attributes. Needs `clientSecret` and the application permission `User.Read.All`.',
      ),
    attributes: z
      .array(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/))
      .default(['employeeId', 'onPremisesSamAccountName', 'onPremisesExtensionAttributes'])
      .describe('With `readDirectory`: properties of the user in Graph that become attributes.'),
    graphUrl: secureUrl
      .default('https://graph.microsoft.com')
      .describe('Microsoft Graph of the cloud; no path.'),
    waiting: z
      .enum(['enter', 'poll'])
      .default('enter')
      .describe(
        'With `flow: device-code`: the user presses Enter when it is done, which every client can show; or nothing is to be typed.',
      ),
    browserSeconds: z
      .int()
      .min(30)
      .max(900)
      .default(180)
      .describe('With `flow: device-code`: longest time for what the user does in the browser.'),
    timeoutSeconds: z.int().min(1).max(30).default(5).describe('Longest wait for one answer of Microsoft.'),
  })
  .refine(({ scopes }) => scopes.includes('openid'), { path: ['scopes'], error: 'openid is missing' })
  .refine(({ authority: url, tenantId }) => tenantId !== undefined || TENANT_ID.test(tenantIn(url) ?? ''), {
    path: ['tenantId'],
    error: 'is needed, because authority does not hold the id of a tenant: users of any tenant could log in',
  })
  .refine(
    ({ authority: url, tenantId = '' }) => {
      const named = tenantIn(url) ?? '';
      return tenantId === '' || !TENANT_ID.test(named) || named.toLowerCase() === tenantId.toLowerCase();
    },
    { path: ['tenantId'], error: 'is another one than in authority' },
  )
  .refine(({ readDirectory, clientSecret }) => !readDirectory || clientSecret !== undefined, {
    path: ['clientSecret'],
    error: 'is needed for readDirectory',
  })
  .refine(({ flow, identityMatch }) => flow === 'password' || identityMatch !== 'none', {
    path: ['identityMatch'],
    error: 'may be none with flow password only: anybody could approve the login of anybody',
  });

export type EntraOptions = z.output<typeof entraOptions>;

/** What stands for the tenant in the URL of the authority; undefined where the path is something else. */
export function tenantIn(authority: string): string | undefined {
  const url = URL.parse(authority);
  if (url === null || url.search !== '' || url.hash !== '') return undefined;
  return /^\/([A-Za-z0-9.-]+)\/?$/.exec(url.pathname)?.[1];
}
