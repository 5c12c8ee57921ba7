/** Configuration of the rules that hold for every provider. */

import { z } from 'zod';

export const rulesOptions = z
  .strictObject({})
  .prefault({})
  .describe('Who may log in through this provider at all.');

export type RulesOptions = z.output<typeof rulesOptions>;
