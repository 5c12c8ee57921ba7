/** Options of the `http` provider. */

import { z } from 'zod';

export const httpOptions = z.strictObject({});

export type HttpOptions = z.output<typeof httpOptions>;
