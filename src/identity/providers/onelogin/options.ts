/** Options of the `onelogin` provider. */

import { z } from 'zod';

export const oneLoginOptions = z.strictObject({});

export type OneLoginOptions = z.output<typeof oneLoginOptions>;
