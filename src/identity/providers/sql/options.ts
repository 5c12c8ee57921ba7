/** Options of the `sql` provider. */

import { z } from 'zod';

export const sqlOptions = z.strictObject({});

export type SqlOptions = z.output<typeof sqlOptions>;
