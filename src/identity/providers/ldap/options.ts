/** Options of the `ldap` provider. */

import { z } from 'zod';

export const ldapOptions = z.strictObject({});

export type LdapOptions = z.output<typeof ldapOptions>;
