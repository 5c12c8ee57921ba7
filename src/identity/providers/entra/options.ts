/** Options of the `entra` provider. */

import { z } from 'zod';

export const entraOptions = z.strictObject({});

export type EntraOptions = z.output<typeof entraOptions>;
