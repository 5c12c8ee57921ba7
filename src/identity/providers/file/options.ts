/** Options of the `file` provider. */

import { z } from 'zod';

export const fileOptions = z.strictObject({});

export type FileOptions = z.output<typeof fileOptions>;
