/** Configuration of where profiles come from. */

import { z } from 'zod';
import { publicKeySourceOptions } from '../keys/options.ts';
import { fileStoreOptions } from '../providers/file/options.ts';
import { secretsStoreOptions } from '../providers/secrets-manager/options.ts';
import { sqlStoreOptions } from '../providers/sql/options.ts';
import { awsOptions } from '../upstream/aws.ts';

/** What proves somebody is their own: in a profile for many it would be everybody's. */
const CREDENTIALS = /^(?:SFTP|FTPS|FTP)?(?:Password|Totp|PublicKeys?)$/i;
const MAX_RULES = 1000;
const MAX_PATTERN_CHARACTERS = 256;

const sharedMembers = z
  .looseObject({})
  .refine((members) => !Object.keys(members).some((name) => CREDENTIALS.test(name)), {
    error: 'holds a password or a key, which would be that of everybody it is for',
  });

const optional = z
  .boolean()
  .default(false)
  .describe('Whether somebody without a record may log in; else they are refused.');

const groupMatch = z.union([
  z.strictObject({
    id: z
      .string()
      .min(1)
      .describe('Id of the group, which nobody can change: an object id, a distinguished name.'),
  }),
  z.strictObject({ name: z.string().min(1).describe('Name of the group, exactly.') }),
  z.strictObject({
    regex: z
      .string()
      .min(1)
      .max(MAX_PATTERN_CHARACTERS)
      .refine(isPattern, { error: 'is not a regular expression' })
      .describe('Regular expression for the whole name of the group.'),
  }),
]);

const groupRule = z.strictObject({
  match: groupMatch.describe('The group that the rule is about: one of `id`, `name` and `regex`.'),
  set: sharedMembers.describe('Members of the contract that people of this group get.'),
});

const groups = z.strictObject({
  rules: z.array(groupRule).min(1).max(MAX_RULES).describe('In order of importance.'),
  merge: z
    .enum(['first', 'union'])
    .default('first')
    .describe(
      '`first`: only the first rule that fits counts. `union`: all rules that fit count; each member is of the first one that has it, the ' +
        'directories of LOGICAL homes are put together, and the conditions of all hold.',
    ),
  otherwise: z
    .enum(['refuse', 'allow'])
    .default('refuse')
    .describe('What becomes of somebody in none of the groups.'),
});

const attributeName = z.string().min(1).max(256);

const attributes = z
  .strictObject({
    Role: attributeName.optional().describe('Attribute with the ARN of the role, as `extensionAttribute1`.'),
    Policy: attributeName.optional().describe('Attribute with a session policy as JSON.'),
    HomeDirectory: attributeName
      .optional()
      .describe('Attribute with the home, beginning with a bucket or file system.'),
    HomeDirectoryDetails: attributeName
      .optional()
      .describe('Attribute with a JSON list of `Entry` and `Target`.'),
    Uid: attributeName
      .optional()
      .describe('Attribute with the POSIX user id, such as `uidNumber`. With `Gid`.'),
    Gid: attributeName.optional().describe('Attribute with the POSIX group id, such as `gidNumber`.'),
    SecondaryGids: attributeName
      .optional()
      .describe('Attribute with further POSIX group ids, one in each value.'),
    PublicKeys: attributeName
      .optional()
      .describe('Attribute with public keys, one in each value, such as `sshPublicKey`. It may be missing.'),
    ignoreMissing: z
      .boolean()
      .default(false)
      .describe('Whether somebody without one of these attributes may log in; else they are refused.'),
    allowRoot: z.boolean().default(false).describe('Whether a POSIX id may be 0.'),
  })
  .refine(({ Uid, Gid }) => (Uid === undefined) === (Gid === undefined), {
    error: 'needs Uid and Gid, or neither',
  });

const dynamoDb = z.strictObject({
  table: z
    .string()
    .regex(/^[A-Za-z0-9_.:/-]{3,1024}$/)
    .describe('Name or ARN of the table.'),
  keyAttribute: z
    .string()
    .min(1)
    .max(255)
    .default('UserName')
    .describe('Its partition key, a string. The table has no sort key.'),
  lookUpBy: z
    .enum(['login-name', 'provider-name', 'local-name', 'subject'])
    .default('login-name')
    .describe(
      'What items are found by: the name as the user typed it, the name that the identity provider has for them, the same up to its `@`, ' +
        'or the id that the identity provider has for them.',
    ),
  optional,
  ...awsOptions,
});

const secret = z.strictObject({ ...secretsStoreOptions, optional });

const sql = z
  .strictObject({ ...sqlStoreOptions, optional })
  .refine(({ postgresql, sqlite }) => (postgresql === undefined) !== (sqlite === undefined), {
    error: 'one of postgresql and sqlite is needed',
  });

const file = z.strictObject({ ...fileStoreOptions, optional });

export const profilesOptions = z
  .strictObject({
    static: sharedMembers.optional().describe('Members of the contract that everybody gets who is let in.'),
    groups: groups.optional().describe('Members by group.'),
    attributes: attributes
      .optional()
      .describe('Members from attributes of the person at the identity provider.'),
    dynamodb: dynamoDb.optional().describe('Members from an item of a DynamoDB table.'),
    secret: secret.optional().describe('Members from a secret of AWS Secrets Manager.'),
    sql: sql.optional().describe('Members from a row of a SQL table.'),
    file: file.optional().describe('Members from a YAML or JSON file.'),
    publicKeys: publicKeySourceOptions.optional(),
  })
  .prefault({})
  .describe('Where the role, the home and the rest of a session come from.');

export type ProfilesOptions = z.output<typeof profilesOptions>;
export type GroupsOptions = z.output<typeof groups>;
export type GroupRule = z.output<typeof groupRule>;
export type GroupMatch = z.output<typeof groupMatch>;
export type AttributesOptions = z.output<typeof attributes>;
export type DynamoDbOptions = z.output<typeof dynamoDb>;
export type LookUpName = DynamoDbOptions['lookUpBy'];

function isPattern(text: string): boolean {
  try {
    new RegExp(`^(?:${text})$`, 'u');
    return true;
  } catch {
    return false;
  }
}
