/** Options of the `okta` provider. */

import { z } from 'zod';

export const oktaOptions = z.strictObject({});

export type OktaOptions = z.output<typeof oktaOptions>;
