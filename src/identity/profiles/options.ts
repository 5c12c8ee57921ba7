/** Configuration of where profiles come from. */

import { z } from 'zod';

export const profilesOptions = z
  .strictObject({
    static: z
      .looseObject({})
      .optional()
      .describe('Members of the contract that everybody gets who is let in.'),
  })
  .prefault({})
  .describe('Where the role, the home and the rest of a session come from.');

export type ProfilesOptions = z.output<typeof profilesOptions>;
