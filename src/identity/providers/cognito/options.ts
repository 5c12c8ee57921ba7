/** Options of the `cognito` provider. */

import { z } from 'zod';
import { awsOptions } from '../../upstream/aws.ts';
import { secondFactor, signInName } from '../options.ts';

export const cognitoOptions = z.strictObject({
  userPoolId: z
    .string()
    .regex(/^[\w-]{1,40}_[0-9A-Za-z]{1,40}$/, {
      error: 'is not the id of a user pool: it looks like eu-west-1_aBcDeFgHi',
    })
    .describe('Id of the user pool. The region in its name is the default of `region`.'),
  clientId: z.string().min(1).max(128).describe('Id of the app client.'),
  clientSecret: z.string().min(1).optional().describe('Secret of the app client, where it has one.'),
  flow: z
    .enum(['admin-user-password', 'user-password'])
    .default('admin-user-password')
    .describe(
      '`admin-user-password`: calls are signed with AWS credentials, and the pool can be closed to everybody else. `user-password`: the ' +
        'public calls, which need none.',
    ),
  ...signInName,
  names: z
    .array(z.enum(['username', 'email', 'preferred_username']))
    .min(1)
    .default(['username', 'email'])
    .describe(
      'What the name of a login may be at Cognito: the user name, the verified e-mail address, or the preferred user name, which users ' +
        'can often change themselves. A login under another alias is refused.',
    ),
  ...secondFactor,
  newPassword: z
    .enum(['refuse', 'prompt'])
    .default('refuse')
    .describe(
      'For users who have to set a new password: refuse, or ask for it twice, over SFTP with `KeyboardInteractive`.',
    ),
  customChallenge: z
    .enum(['refuse', 'prompt', 'second-factor'])
    .default('refuse')
    .describe(
      "For challenges of the pool's own Lambda triggers: refuse, ask the user, or ask and take an answer that the pool accepts for a " +
        'second factor.',
    ),
  customChallengeText: z
    .string()
    .min(1)
    .default('prompt')
    .describe(
      "Name of the trigger's public challenge parameter that holds the text of a custom challenge's prompt.",
    ),
  keyLogins: z
    .enum(['check', 'unchecked', 'refuse'])
    .default('check')
    .describe(
      '`check`: who logs in with a key must be an enabled and confirmed user of the pool (AWS credentials are needed). `unchecked`: only ' +
        'profiles speak for a key login. `refuse`: nobody logs in with a key.',
    ),
  keyLoginGroups: z
    .boolean()
    .default(true)
    .describe(
      'Whether the groups of who logs in with a key are looked up. With a password they come with it.',
    ),
  issuer: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe(
      'Issuer of the tokens; by default `https://cognito-idp.<region>.amazonaws.com/<userPoolId>`. For test doubles and other partitions.',
    ),
  jwksUrl: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe(
      'Where the keys that sign tokens are; by default `<userPoolId>/.well-known/jwks.json` at `endpoint`, else at the issuer.',
    ),
  ...awsOptions,
});

export type CognitoOptions = z.output<typeof cognitoOptions>;
