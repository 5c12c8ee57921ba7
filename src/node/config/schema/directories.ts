/** Configuration of the directories behind AWS_DIRECTORY_SERVICE. */

import { z } from 'zod';
import { optionsOfDirectory, rules } from '../../../identity/configuration.ts';
import { builtInProcess } from './functions.ts';

export const isDirectoryId = (text: string) => /^d-[0-9a-f]{10}$/.test(text);

export const DIRECTORY_ID_HINT = 'is not a directory id: "d-" and 10 hexadecimal digits';

export const directories = z
  .record(
    z.string().refine(isDirectoryId, { error: DIRECTORY_ID_HINT }).describe('directory id'),
    z.strictObject({ options: optionsOfDirectory, rules, ...builtInProcess }),
  )
  .default({})
  .describe(
    'Directories of servers with `AWS_DIRECTORY_SERVICE`: an LDAP directory or Active Directory of your own, and the accesses ' +
      'of its groups.',
  );
