/** Configuration of the places where files live. */

import { z } from 'zod';

/** S3 bucket names: 3 to 63 of a-z 0-9 . -, letters or digits at both ends, no two dots in a row. */
const BUCKET_NAME = /^(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
/** EFS file system ids. */
const FILE_SYSTEM_ID = /^fs-[0-9a-f]{8,40}$/;

const path = z.string().min(1);

const bucket = z.strictObject({
  path: path.describe('Folder on local disk that holds the objects of the bucket. Relative to this file.'),
});

const fileSystem = z.strictObject({
  path: path.describe('Where the file system is mounted. Relative to this file.'),
  identity: z
    .enum(['profile', 'process'])
    .default('profile')
    .describe(
      "Whose rights files are used with. `profile`: those of the user's `PosixProfile`; until per-user credentials " +
        "arrive, a profile must equal the ids of the server's own process. `process`: those of the server's process, " +
        'whatever the profile says.',
    ),
});

const bucketName = z
  .string()
  .regex(BUCKET_NAME, {
    error: 'is not a bucket name: 3 to 63 of a-z 0-9 . and -, beginning and ending with a letter or digit',
  })
  .describe('name');

const fileSystemId = z
  .string()
  .regex(FILE_SYSTEM_ID, {
    error: 'is not a file system id: "fs-" and 8 to 40 hexadecimal digits, such as fs-0123456789abcdef0',
  })
  .describe('fs-id');

export const storage = z
  .strictObject({
    buckets: z.record(bucketName, bucket).default({}).describe('Buckets, by name.'),
    fileSystems: z.record(fileSystemId, fileSystem).default({}).describe('POSIX file systems, by EFS id.'),
  })
  .prefault({})
  .describe('Where files live. Home directories name these places: `/bucket-name/…` or `/fs-id/…`.');
