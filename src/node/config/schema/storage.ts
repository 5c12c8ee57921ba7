/** Configuration of the places where files live. */

import { z } from 'zod';

/** S3 bucket names: 3 to 63 of a-z 0-9 . -, letters or digits at both ends, no two dots in a row. */
const BUCKET_NAME = /^(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
/** EFS file system ids. */
const FILE_SYSTEM_ID = /^fs-[0-9a-f]{8,40}$/;
/** Regions of AWS; it becomes a part of an ARN. */
const REGION = /^[a-z0-9-]+$/;
/** EFS access point ids. */
const ACCESS_POINT_ID = /^fsap-[0-9a-f]{8,40}$/;
/** Endpoints of AWS itself, VPC endpoints among them. */
const AWS_HOST = /\.amazonaws\.com(\.cn)?$/;
/** Ids of users and groups: 32 bits, without the last one, which means "do not change" to chown. */
const MAX_POSIX_ID = 0xffff_fffe;
/** Secondary groups of one profile (API model). */
const MAX_SECONDARY_GIDS = 16;

const path = z.string().min(1);
const posixId = z.int().min(0).max(MAX_POSIX_ID);

const diskBucket = z
  .strictObject({
    path: path.describe(
      'Folder on local disk that holds the objects of the bucket, and, hidden, the uploads that are not closed yet. Mount nothing inside it. Relative to this file.',
    ),
  })
  .describe('A folder on local disk: what has `path`, and then nothing else.');

const credentials = z.strictObject({
  accessKeyId: z.string().min(1).describe('Access key id.'),
  secretAccessKey: z.string().min(1).describe('Secret access key.'),
  sessionToken: z.string().min(1).optional().describe('Session token of temporary credentials.'),
});

const serverSideEncryption = z.strictObject({
  algorithm: z.enum(['AES256', 'aws:kms', 'aws:kms:dsse']).describe('`x-amz-server-side-encryption`.'),
  kmsKeyId: z.string().min(1).optional().describe('Key of the `aws:kms` kinds; the default key when absent.'),
});

const s3Keys = z.strictObject({
  bucket: z
    .string()
    .min(1)
    .optional()
    .describe('Name of the bucket in S3, or alias of an access point; by default the name given here.'),
  endpoint: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('Where the S3 service is; AWS when absent.'),
  region: z.string().min(1).default('us-east-1').describe('Region of the bucket.'),
  pathStyle: z
    .boolean()
    .default(false)
    .describe(
      'Put the bucket into the path and not into the host name; most services other than AWS need it.',
    ),
  credentials: credentials
    .optional()
    .describe(
      'Keys for this bucket; the default chain (environment, profile, instance, container) when absent.',
    ),
  assumeRole: z
    .boolean()
    .default(false)
    .describe(
      "Use the user's role, by STS AssumeRole with the session policy, so that AWS enforces both too. The credentials are " +
        'then the ones that assume it.',
    ),
  stsEndpoint: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('Where STS is; AWS when absent.'),
  serverSideEncryption: serverSideEncryption
    .optional()
    .describe('How objects are encrypted; the setting of the bucket when absent.'),
  partMegabytes: z
    .int()
    .min(5)
    .max(512)
    .default(8)
    .describe(
      'Size of the first parts of a multipart upload in MiB; later parts grow, up to half of `uploadMemoryMegabytes`.',
    ),
  partsInFlight: z.int().min(1).max(16).default(4).describe('Parts of one upload that are sent at a time.'),
  requestTimeoutSeconds: z
    .int()
    .min(1)
    .max(3600)
    .default(60)
    .describe(
      'How long one request may go without progress before it is given up and tried again, and how long at least writes ' +
        'are tried again while the service is away.',
    ),
  abortUploadsAfterHours: z
    .int()
    .min(0)
    .max(24 * 365)
    .default(24)
    .describe('Age at which multipart uploads that we began and nobody ended are aborted; 0 leaves them.'),
});

const s3Bucket = s3Keys
  .superRefine((settings, context) => {
    for (const { path, message } of mismatches(settings))
      context.addIssue({ code: 'custom', path: [...path], message });
  })
  .describe('A bucket of AWS S3 or of another service that speaks S3: what has no `path`.');

/** Without a single key it would be a bucket of AWS, which somebody who left the line half written does not mean. */
const bucket = z.preprocess(
  (value, context) => {
    if (typeof value === 'object' && value !== null && Object.keys(value).length === 0) {
      const message = 'is empty; give path: for a folder on disk, or region: for a bucket of S3';
      context.issues.push({ code: 'custom', message, input: value });
    }
    return value;
  },
  z.union([diskBucket, s3Bucket]),
);

/** Settings that are right by themselves and do not go together. */
function mismatches(settings: z.output<typeof s3Keys>): { path: string[]; message: string }[] {
  const { assumeRole, stsEndpoint, endpoint, serverSideEncryption: encryption } = settings;
  const found: { path: string[]; message: string }[] = [];
  if (stsEndpoint !== undefined && !assumeRole)
    found.push({
      path: ['stsEndpoint'],
      message: 'is used with assumeRole: true only; remove it, or set that',
    });
  if (
    assumeRole &&
    stsEndpoint === undefined &&
    endpoint !== undefined &&
    !AWS_HOST.test(new URL(endpoint).hostname)
  )
    found.push({
      path: ['assumeRole'],
      message: 'needs stsEndpoint: the keys that STS of AWS hands out are not known to another endpoint',
    });
  if (encryption?.kmsKeyId !== undefined && encryption.algorithm === 'AES256')
    found.push({
      path: ['serverSideEncryption', 'kmsKeyId'],
      message: 'is not used by AES256; set algorithm: aws:kms, or remove it',
    });
  return found;
}

const fileSystem = z.strictObject({
  path: path.describe('Where the file system is mounted. Relative to this file.'),
  region: z
    .string()
    .regex(REGION, { error: 'is not a region: it looks like us-east-1' })
    .default('us-east-1')
    .describe('Region in the ARN of the file system, by which the policies of roles name it.'),
  identity: z
    .enum(['profile', 'process'])
    .default('profile')
    .describe(
      "Whose rights files are used with. `profile`: those of the user's `PosixProfile`, by the kernel's own checks, and " +
        'new files belong to it; this needs Linux 5.8 or later and root, and otherwise a profile must equal the ids of the ' +
        "server's own process. `process`: those of the server's process, whatever the profile says.",
    ),
  durability: z
    .enum(['close', 'fsync'])
    .default('close')
    .describe(
      'What an answered CLOSE promises. `close`: the file system took every byte; they survive a crash of the server, and ' +
        'a power cut as far as the file system promises. `fsync`: they are on stable storage, the name of a new file too, ' +
        'and so is every rename, removal and new directory that was answered. Each of these then waits for the disk.',
    ),
});

const accessPoint = z.strictObject({
  fileSystem: z.string().min(1).describe('Id of the file system, one of those above.'),
  path: z
    .string()
    .regex(/^\//, { error: 'must begin with /' })
    .default('/')
    .describe('Directory of the file system that is the root of the access point. It has to exist.'),
  posixUser: z
    .strictObject({
      uid: posixId.describe('User id.'),
      gid: posixId.describe('Group id.'),
      secondaryGids: z.array(posixId).max(MAX_SECONDARY_GIDS).default([]).describe('Further group ids.'),
    })
    .optional()
    .describe(
      'The identity of everybody who comes through the access point, in place of their own. It counts where the ' +
        '`identity` of the file system is `profile`.',
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

const accessPointId = z
  .string()
  .regex(ACCESS_POINT_ID, {
    error:
      'is not an access point id: "fsap-" and 8 to 40 hexadecimal digits, such as fsap-0123456789abcdef0',
  })
  .describe('fsap-id');

export const storage = z
  .strictObject({
    buckets: z.record(bucketName, bucket).default({}).describe('Buckets, by name: folders on disk, or S3.'),
    fileSystems: z.record(fileSystemId, fileSystem).default({}).describe('POSIX file systems, by EFS id.'),
    accessPoints: z
      .record(accessPointId, accessPoint)
      .default({})
      .describe('Access points into the file systems, by id: directories with an identity of their own.'),
    uploadMemoryMegabytes: z
      .int()
      .min(16)
      .max(65_536)
      .default(64)
      .describe(
        'Memory for the parts of all uploads to S3 together, in MiB. Uploads beyond it wait for their turn.',
      ),
  })
  .prefault({})
  .describe(
    'Where files live. Home directories name these places: `/bucket-name/…`, `/fs-id/…` or `/fsap-id/…`.',
  );
