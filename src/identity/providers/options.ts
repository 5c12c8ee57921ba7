/** What every built-in provider's options may hold beside its own. */

import { z } from 'zod';

/** How a name is turned into the one that the identity provider knows. */
export const signInName = {
  signInDomain: z
    .string()
    .regex(/^[A-Za-z0-9.-]+$/)
    .optional()
    .describe('Appended with an `@` to names without one: `jdoe` becomes `jdoe@example.com`.'),
  signInDomainRule: z
    .enum(['if-missing', 'always', 'never'])
    .default('if-missing')
    .describe('When `signInDomain` is appended. It is never appended twice.'),
};

/** Whether and how a second factor is asked for. There is no `optional`: what is not required is not proven. */
export const secondFactor = {
  mfa: z
    .enum(['none', 'appended', 'prompts'])
    .default('none')
    .describe(
      '`none`: the password alone; a second factor that the identity provider asks for refuses the login. `appended`: the password ' +
        'ends in a code. `prompts`: the user is asked, over SFTP with `KeyboardInteractive`. With the last two a login without a proven ' +
        'second factor is refused, whatever the identity provider says.',
    ),
  plainPassword: z
    .enum(['refuse', 'appended'])
    .default('refuse')
    .describe(
      'With `mfa: prompts`, for clients that cannot be asked: refuse, or take a code at the end of the password.',
    ),
  codeLength: z.int().min(4).max(64).default(6).describe('Length of an appended code.'),
  codeSeparator: z
    .string()
    .max(1)
    .default('')
    .describe('Between password and appended code, such as `,`; by default nothing.'),
};

export type SecondFactorOptions = z.output<z.ZodObject<typeof secondFactor>>;
export type SignInNameOptions = z.output<z.ZodObject<typeof signInName>>;
