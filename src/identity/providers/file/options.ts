/** Options of the `file` provider, and of records in files as profiles. */

import { z } from 'zod';
import { storedCredentials } from '../../records/stored-credentials-options.ts';

/** Where the records are. */
export const fileStoreOptions = {
  path: z
    .string()
    .min(1)
    .describe(
      'A YAML or JSON file with a map of user names to records, or a folder with a file for each user: `jdoe.yaml`, `jdoe.yml` or ' +
        '`jdoe.json`. Changes count from the next login on.',
    ),
};

export type FileStoreOptions = z.output<z.ZodObject<typeof fileStoreOptions>>;

export const fileOptions = z.strictObject({ ...fileStoreOptions, ...storedCredentials });

export type FileOptions = z.output<typeof fileOptions>;
