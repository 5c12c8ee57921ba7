/** Configuration of the rules that hold for every provider. */

import { z } from 'zod';
import { secondFactor } from '../providers/options.ts';
import { isNetwork } from './networks.ts';
import { DAYS, isTimeOfDay, isTimeZone } from './time-window.ts';

/** Shortest state key in characters: 32 of hexadecimal digits are 128 bits. */
const MIN_STATE_KEY_CHARACTERS = 32;

/** An address, or a network in CIDR notation. */
export const network = z.string().refine(isNetwork, {
  error: 'is not an address and not a network in CIDR notation, such as 192.0.2.0/24 or 2001:db8::/32',
});
const moment = z.iso.datetime({ offset: true }).or(z.iso.date());
const timeOfDay = z.string().refine(isTimeOfDay, { error: 'is not a time of day such as 08:30' });

const timeWindow = z.strictObject({
  days: z
    .array(z.enum(DAYS))
    .min(1)
    .default([...DAYS])
    .describe('Days of the week; a window over midnight belongs to the day it begins on.'),
  from: timeOfDay.default('00:00').describe('Beginning, `08:30`.'),
  to: timeOfDay.default('24:00').describe('End, not included. Before `from`, it is on the next day.'),
  zone: z
    .string()
    .refine(isTimeZone, { error: 'is not a time zone of the IANA database, such as Europe/Paris' })
    .default('UTC')
    .describe('Time zone of the IANA database, such as `Europe/Paris`.'),
});

const userName = z
  .strictObject({
    pattern: z
      .string()
      .max(512)
      .refine(isPattern, { error: 'is not a regular expression' })
      .optional()
      .describe('Regular expression that the whole name must match, after the changes below.'),
    lowerCase: z.boolean().default(false).describe('Whether the name is turned into lower case.'),
    stripSuffix: z
      .string()
      .min(1)
      .max(64)
      .optional()
      .describe(
        'Taken off the end of the name where it is there, such as `@example.com`. Without regard to case.',
      ),
  })
  .prefault({})
  .describe('Which names this provider takes, and what it is asked for instead of the typed one.');

const totp = z
  .strictObject({
    mode: secondFactor.mfa.describe(
      'Codes of an authenticator app whose secret is in the record of the user. `none`: not asked for. `appended`: the password ends ' +
        'in a code. `prompts`: the user is asked, over SFTP with `KeyboardInteractive`. With the last two everybody needs a code; who has ' +
        'no secret is refused.',
    ),
    plainPassword: secondFactor.plainPassword,
    codeSeparator: secondFactor.codeSeparator,
    codeLength: secondFactor.codeLength,
  })
  .prefault({})
  .describe('A second factor beside what the provider proves.');

const failures = z
  .strictObject({
    after: z
      .int()
      .min(1)
      .max(100)
      .default(5)
      .describe('Failed logins of one user at one server after which the provider is not asked for a while.'),
    firstPauseSeconds: z
      .number()
      .positive()
      .max(3600)
      .default(1)
      .describe('The first pause; each further failure doubles it.'),
    longestPauseSeconds: z.number().positive().max(86_400).default(900).describe('The longest pause.'),
    forgetAfterSeconds: z
      .number()
      .positive()
      .max(86_400)
      .default(3600)
      .describe('Time without a failure after which the earlier ones do not count.'),
    maxUsers: z
      .int()
      .min(100)
      .max(1_000_000)
      .default(20_000)
      .describe('Most users whose failures are remembered; beyond that the oldest are forgotten.'),
  })
  .prefault({})
  .describe(
    'Pauses that keep guessing here from locking the account at the identity provider. Set `after` below the number of failures at which ' +
      'the provider locks.',
  );

/** Rules of one provider, also inside a router. */
const ofProvider = {
  disabled: z.boolean().default(false).describe('Switches the provider off: nobody logs in.'),
  serverIds: z.array(z.string()).optional().describe('Servers it is for; an empty list is none.'),
  protocols: z
    .array(z.enum(['SFTP', 'FTPS', 'FTP']))
    .optional()
    .describe('Protocols it is for; an empty list is none.'),
  sourceNetworks: z
    .array(network)
    .optional()
    .describe('Networks that clients may come from, IPv4 and IPv6; an empty list is none.'),
  deniedNetworks: z
    .array(network)
    .optional()
    .describe('Networks that clients may not come from, whatever is allowed.'),
  validFrom: moment
    .optional()
    .describe('Time before which nobody logs in, `2027-01-31` (UTC) or `2027-01-31T08:00:00+01:00`.'),
  validTo: moment.optional().describe('Time from which on nobody logs in.'),
  timeWindows: z
    .array(timeWindow)
    .optional()
    .describe('Times at which a login may begin, any of them; an empty list is never.'),
  userName,
  keyLogins: z.boolean().default(true).describe('Whether users of this provider may log in with a key.'),
  keysOptional: z
    .boolean()
    .default(false)
    .describe(
      'Whether a login by key is answered for users without any key, for servers that trust certificate authorities (`TrustedUserCAKeys`). ' +
        'Not for a function that AWS calls: there an empty password looks the same.',
    ),
  roles: z
    .array(z.string().min(1).max(2048))
    .optional()
    .describe(
      'Roles that may be given, as ARNs in which `*` stands for any text. A record or a directory that names another refuses the login. ' +
        'Without it any role of the configuration.',
    ),
  requireProtocolPassword: z
    .array(z.enum(['SFTP', 'FTPS', 'FTP']))
    .default([])
    .describe(
      'Protocols whose password stands in the record by name, such as `FTPPassword`; a login with any other is refused. For `FTP`, ' +
        'which sends it in the clear.',
    ),
  totp,
  failures,
  maxInProgress: z
    .int()
    .min(1)
    .max(10_000)
    .default(500)
    .describe('Most logins that are judged at the same time; further ones fail at once.'),
  timeoutSeconds: z
    .number()
    .positive()
    .max(900)
    .optional()
    .describe(
      'Longest time for one question to the provider; the time limit of the function may be shorter.',
    ),
};

/** Rules of a function, whatever it asks. */
const ofFunction = {
  refusalFloorMs: z
    .int()
    .min(0)
    .max(10_000)
    .default(300)
    .describe(
      'Least time before a refusal, and before any answer to a login by key, in milliseconds, so that its speed does not tell what was wrong ' +
        'or who has keys. Set it to what a good login takes.',
    ),
  dialogueSeconds: z
    .int()
    .min(10)
    .max(3600)
    .default(900)
    .describe('Longest time from the first question to a user to the last answer.'),
  stateKey: z
    .string()
    .min(MIN_STATE_KEY_CHARACTERS)
    .optional()
    .describe(
      'Secret that seals the state of dialogues, at least 32 random characters. Needed where several processes answer, as on Lambda; ' +
        'otherwise each process makes its own.',
    ),
};

export const providerRulesOptions = z
  .strictObject(ofProvider)
  .prefault({})
  .describe('Who may log in through this provider at all.');

export const functionRulesOptions = z
  .strictObject(ofFunction)
  .prefault({})
  .describe('What holds for every login, whichever provider judges it.');

export const rulesOptions = z
  .strictObject({ ...ofProvider, ...ofFunction })
  .prefault({})
  .describe('Who may log in through this provider at all.');

export type ProviderRules = z.output<typeof providerRulesOptions>;
export type FunctionRules = z.output<typeof functionRulesOptions>;
export type RulesOptions = z.output<typeof rulesOptions>;

function isPattern(text: string): boolean {
  try {
    new RegExp(text, 'v');
    return true;
  } catch {
    return false;
  }
}
