/** Options of the `cognito` provider. */

import { z } from 'zod';

export const cognitoOptions = z.strictObject({});

export type CognitoOptions = z.output<typeof cognitoOptions>;
