/** Options of where public keys come from when they are kept apart from profiles: a bucket, a web server or a folder. */

import { z } from 'zod';
import { awsOptions } from '../upstream/aws.ts';

/** Stands for the name of the user, as in `users/{userName}/`. */
export const USER_NAME_PLACE = '{userName}';

/** Keys are no passwords, but a key that was taken away must soon be gone. */
const MAX_CACHE_SECONDS = 30;

/** Nothing but the path may depend on the user: a name must never choose the host. */
const KEY_URL = /^(?:https:\/\/[^/?#@{}\s]+|http:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?)\/[^?#\s]*$/;

const template = z
  .string()
  .min(1)
  .max(1024)
  .includes(USER_NAME_PLACE, {
    error: `does not hold ${USER_NAME_PLACE}: everybody would get the same keys`,
  });

const bucketKeys = z
  .strictObject({
    bucket: z.string().min(3).max(63).describe('Name of the bucket.'),
    key: template
      .optional()
      .describe('Key of the one object of a user, such as `keys/{userName}.pub`. Or give `prefix`.'),
    prefix: template
      .refine((text) => text.endsWith('/'), {
        error: 'does not end in "/": the keys of "annabel" would be keys of "anna" too',
      })
      .optional()
      .describe('Begin of the keys of all objects of a user, such as `{userName}/`. Or give `key`.'),
    pathStyle: z
      .boolean()
      .default(false)
      .describe('Whether the bucket stands in the path of URLs, as most servers other than S3 want it.'),
    ...awsOptions,
  })
  .refine(({ key, prefix }) => (key === undefined) !== (prefix === undefined), {
    error: 'needs either key or prefix',
  });

const webKeys = z.strictObject({
  url: template
    .regex(KEY_URL, {
      error: 'is not an https URL with {userName} in its path (http is for the loopback interface only)',
    })
    .describe('Where the keys of a user are, as at GitHub: `https://github.com/{userName}.keys`.'),
});

const folderKeys = z.strictObject({
  file: template.describe(
    'File with the keys of a user, such as `keys/{userName}.pub`. Relative to the configuration.',
  ),
});

const cacheSeconds = z
  .int()
  .min(0)
  .max(MAX_CACHE_SECONDS)
  .default(MAX_CACHE_SECONDS)
  .describe('How long found keys are remembered, and so how long a key that was taken away still works.');

export const publicKeySourceOptions = z
  .union([
    z.strictObject({ s3: bucketKeys.describe('Objects in a bucket.'), cacheSeconds }),
    z.strictObject({ https: webKeys.describe('A page for each user.'), cacheSeconds }),
    z.strictObject({ files: folderKeys.describe('A file for each user.'), cacheSeconds }),
  ])
  .describe('Where public keys of users are, in the form of authorized_keys files.');

export type PublicKeySourceOptions = z.output<typeof publicKeySourceOptions>;
export type BucketKeysOptions = z.output<typeof bucketKeys>;
export type WebKeysOptions = z.output<typeof webKeys>;
export type FileKeysOptions = z.output<typeof folderKeys>;
