/** Options of every provider that judges passwords by records of its own. */

import { z } from 'zod';

export const storedCredentials = {
  requireProtocolPassword: z
    .array(z.enum(['SFTP', 'FTPS', 'FTP']))
    .default([])
    .describe(
      'Protocols that take no plain `Password` from a record, only the one that bears their name, such as `FTPPassword`. ' +
        'FTP sends passwords in clear text: `[FTP]` keeps them apart from those of SFTP.',
    ),
};

export type StoredCredentialsOptions = z.output<z.ZodObject<typeof storedCredentials>>;
