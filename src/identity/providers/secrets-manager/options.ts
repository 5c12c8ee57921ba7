/** Options of the `secrets-manager` provider. */

import { z } from 'zod';

export const secretsManagerOptions = z.strictObject({});

export type SecretsManagerOptions = z.output<typeof secretsManagerOptions>;
