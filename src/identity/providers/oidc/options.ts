/** Options of the `oidc` provider. */

import { z } from 'zod';

export const oidcOptions = z.strictObject({});

export type OidcOptions = z.output<typeof oidcOptions>;
