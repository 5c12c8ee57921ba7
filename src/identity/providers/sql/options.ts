/** Options of the `sql` provider, and of records in a SQL database as profiles. */

import { z } from 'zod';
import { storedCredentials } from '../../records/stored-credentials-options.ts';

/** Goes into a statement as it is: a plain name, perhaps with a schema. */
const TABLE_NAME = /^[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)?$/;
const COLUMN_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

const postgresql = z
  .strictObject({
    host: z.string().min(1).describe('Host name, or the folder of a Unix socket.'),
    port: z.int().min(1).max(65_535).default(5432).describe('Port.'),
    name: z.string().min(1).describe('Name of the database.'),
    user: z.string().min(1).describe('User of the database. It needs SELECT on the table and nothing else.'),
    password: z.string().min(1).optional().describe('Its password.'),
    tls: z
      .enum(['verify', 'off'])
      .default('verify')
      .describe('`verify`: TLS with a certificate that is checked. There is none on Unix sockets.'),
    caFile: z
      .string()
      .min(1)
      .optional()
      .describe('Certificates of the authorities that are trusted, in PEM form.'),
  })
  .describe('A PostgreSQL database.');

const sqlite = z
  .strictObject({ file: z.string().min(1).describe('The database file.') })
  .describe('A SQLite database.');

/** Where the records are. */
export const sqlStoreOptions = {
  postgresql: postgresql.optional(),
  sqlite: sqlite.optional(),
  table: z
    .string()
    .regex(TABLE_NAME)
    .default('users')
    .describe(
      'The table. Its columns bear the names of the members of a record: `Role` or `role`, `FTPPassword` or `ftp_password`.',
    ),
  userNameColumn: z
    .string()
    .regex(COLUMN_NAME)
    .default('user_name')
    .describe('The column with the user name.'),
  query: z
    .string()
    .min(1)
    .optional()
    .describe(
      'A statement in the place of table and column, with the parameters `:userName`, `:serverId` and `:protocol`. It returns one row, or none.',
    ),
};

export type SqlStoreOptions = z.output<z.ZodObject<typeof sqlStoreOptions>>;

export const sqlOptions = z
  .strictObject({
    ...sqlStoreOptions,
    ...storedCredentials,
    rehash: z
      .boolean()
      .default(false)
      .describe(
        'Whether a password that is stored plain or as a weak hash is replaced by an Argon2id hash once it was given. Needs UPDATE on the ' +
          'table, whose columns are `password`, `sftp_password`, `ftps_password` and `ftp_password` then.',
      ),
  })
  .refine(({ postgresql, sqlite }) => (postgresql === undefined) !== (sqlite === undefined), {
    error: 'one of postgresql and sqlite is needed',
  })
  .refine(({ query, rehash }) => query === undefined || !rehash, {
    error: 'rehash needs a table, not a query',
    path: ['rehash'],
  });

export type SqlOptions = z.output<typeof sqlOptions>;
