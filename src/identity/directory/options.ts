/** Options of a directory: how it is reached, and what the members of its groups get. */

import { z } from 'zod';
import {
  distinguishedName,
  filterTemplate,
  serverOptions,
  service,
  transportMistakes,
} from '../providers/ldap/options.ts';
import { PRESETS } from '../providers/ldap/presets.ts';

/** The API's quota of groups for a server. */
const MAX_ACCESSES = 100;
/** Characters, as in the API's models. */
const MAX_PATH = 1024;
const MAX_POLICY = 2048;
const MAX_MAPPINGS = 2000;
/** Ids of POSIX; the last one (-1) means "none" to system calls. */
const MAX_ID = 4_294_967_294;

const path = z.string().max(MAX_PATH).startsWith('/');
const id = z.int().min(0).max(MAX_ID);

const access = z
  .strictObject({
    ExternalId: z
      .string()
      .max(256)
      .regex(/^S-1-[\d-]+$/, { error: 'is not a SID' })
      .describe('SID of the group.'),
    Role: z
      .string()
      .min(20)
      .max(2048)
      .regex(/^arn:.*role\//, { error: 'is not the ARN of a role' })
      .describe('Role that sessions work with.'),
    HomeDirectory: path.optional().describe('Home, such as `/bucket/home/${transfer:UserName}`.'),
    HomeDirectoryType: z.enum(['PATH', 'LOGICAL']).default('PATH').describe('Whether the home is mapped.'),
    HomeDirectoryMappings: z
      .array(
        z.strictObject({
          Entry: path.describe('Path that the user sees.'),
          Target: path.describe('Where it leads.'),
          Type: z.enum(['FILE', 'DIRECTORY']).optional().describe('What the target is.'),
        }),
      )
      .min(1)
      .max(MAX_MAPPINGS)
      .optional()
      .describe('Mappings of a `LOGICAL` home.'),
    Policy: z.string().max(MAX_POLICY).optional().describe('Session policy, as JSON text.'),
    PosixProfile: z
      .strictObject({
        Uid: id.describe('User id.'),
        Gid: id.describe('Group id.'),
        SecondaryGids: z.array(id).max(16).default([]).describe('Further group ids.'),
      })
      .optional()
      .describe('Ids on file systems.'),
  })
  .refine(
    ({ HomeDirectoryType: type, HomeDirectoryMappings: mappings }) =>
      (type === 'LOGICAL') === (mappings !== undefined),
    {
      error: 'needs HomeDirectoryMappings with HomeDirectoryType LOGICAL, and only there',
    },
  );

export type Access = z.output<typeof access>;

export const directoryOptions = z
  .strictObject({
    ...serverOptions,
    preset: z.enum(PRESETS).default('active-directory').describe('Kind of directory.'),
    domain: z
      .string()
      .regex(/^[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+$/, { error: 'is not a domain name' })
      .describe(
        'Domain of the directory: users log in as `jdoe@corp.example` or `jdoe`, and as nobody of another domain.',
      ),
    service,
    searchBase: distinguishedName
      .optional()
      .describe('Below which users and groups are searched; by default the domain, as `DC=corp,DC=example`.'),
    userFilter: filterTemplate(['username'], { isAboutUser: true })
      .optional()
      .describe('Finds the user; `{username}` is the name without the domain.'),
    disabledFilter: filterTemplate([], { isAboutUser: false })
      .optional()
      .describe('Matches accounts that are out of use; they are refused.'),
    nestedGroups: z
      .boolean()
      .default(false)
      .describe('Whether members of groups in a group count as its members. AWS counts direct members only.'),
    sidAttribute: z.string().min(1).max(100).default('objectSid').describe('Holds the SID of a group.'),
    accesses: z
      .array(access)
      .min(1)
      .max(MAX_ACCESSES)
      .refine((list) => new Set(list.map(({ ExternalId }) => ExternalId)).size === list.length, {
        error: 'name a group twice',
      })
      .describe('What members of a group get. A user has to be in exactly one of the groups.'),
  })
  .superRefine((options, context) => {
    for (const [name, message] of transportMistakes(options))
      context.addIssue({ code: 'custom', path: [name], message });
  });

export type DirectoryOptions = z.output<typeof directoryOptions>;
