/** Options of the `ldap` provider. */

import { FilterParser } from 'ldapts';
import { z } from 'zod';
import { secondFactor, signInName } from '../options.ts';
import { placesOf } from './escape.ts';
import { PRESETS } from './presets.ts';

/** Places of templates about who logs in. */
const NAME_PLACES = ['username', 'signInName', 'localPart'];
/** Places of the filter of groups. */
const GROUP_PLACES = ['dn', 'userName', 'gidNumber'];
/** Never asked for: a hash that was read could be written somewhere. */
const PASSWORD_ATTRIBUTE =
  /^(?:userPassword|unicodePwd|dBCSPwd|ntPwdHistory|sambaNTPassword|pwdHistory|krbPrincipalKey)(?:;|$)/i;

export const distinguishedName = z.string().max(2048).regex(/=/, { error: 'is not a distinguished name' });
const attributeName = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9-]{0,99}$/, { error: 'is not the name of an attribute' })
  .refine((name) => !PASSWORD_ATTRIBUTE.test(name), { error: 'holds passwords and is never read' });

export function filterTemplate(places: readonly string[], { isAboutUser }: { isAboutUser: boolean }) {
  return z
    .string()
    .max(4096)
    .refine(isFilter, { error: 'is not a search filter (RFC 4515), without spaces between its parts' })
    .refine((text) => placesOf(text).every((place) => places.includes(place)), {
      error: `may hold only these places: ${places.map((place) => `{${place}}`).join(', ')}`,
    })
    .refine((text) => !isAboutUser || placesOf(text).length > 0, {
      error: 'does not hold the name of the user: everybody would be found',
    });
}

const milliseconds = (max: number) => z.int().min(10).max(max);

/** Who we are, for everything that asks a directory. */
export const service = z
  .discriminatedUnion('method', [
    z
      .strictObject({
        method: z.literal('simple').describe('With a name and a password.'),
        dn: z
          .string()
          .min(1)
          .max(2048)
          .describe('Distinguished name, or in Active Directory `svc@corp.example`.'),
        password: z.string().min(1).optional().describe('Password. Or give `passwordFile`.'),
        passwordFile: z.string().min(1).optional().describe('File whose first line is the password.'),
      })
      .refine(({ password, passwordFile }) => (password === undefined) !== (passwordFile === undefined), {
        error: 'needs either password or passwordFile',
      }),
    z.strictObject({
      method: z.literal('external').describe('With the client certificate of `tls` (SASL EXTERNAL).'),
    }),
    z.strictObject({
      method: z
        .literal('none')
        .describe('No bind: anonymously, or where the client certificate alone counts, as at Google.'),
    }),
  ])
  .describe('Who we are to the directory when people are looked up.');

const tls = z
  .strictObject({
    ca: z
      .string()
      .min(1)
      .optional()
      .describe('Certificate authorities to trust, PEM; by default those of Node.js.'),
    caFile: z.string().min(1).optional().describe('The same in a file.'),
    certificateFile: z.string().min(1).optional().describe('Our client certificate, PEM.'),
    keyFile: z.string().min(1).optional().describe('Its private key, PEM.'),
    serverName: z
      .string()
      .min(1)
      .optional()
      .describe('Name that the certificate of the directory has to have; by default the host of the URL.'),
    verify: z
      .boolean()
      .default(true)
      .describe(
        'Whether the certificate of the directory is checked. Without, anybody on the way can read passwords.',
      ),
  })
  .prefault({})
  .describe('TLS, for `ldaps` URLs and for StartTLS.');

/** How a directory is reached, for everything that asks one. */
export const serverOptions = {
  preset: z
    .enum(PRESETS)
    .default('generic')
    .describe(
      'Kind of directory: sets filters, names of attributes and the like, each of which can be set as well.',
    ),
  servers: z
    .array(
      z
        .string()
        .regex(/^ldaps?:\/\/[^/?#@\s]+\/?$/i, { error: 'is not an LDAP URL of a scheme, a host and a port' })
        .refine((text) => URL.canParse(text), { error: 'is not a URL' }),
    )
    .min(1)
    .max(16)
    .describe('URLs, such as `ldaps://dc1.corp.example`. A server that fails is left alone for 30 seconds.'),
  serverOrder: z
    .enum(['ordered', 'round-robin'])
    .default('ordered')
    .describe('Whether the first server is asked as long as it answers, or each in turn.'),
  startTls: z
    .boolean()
    .default(false)
    .describe('Upgrades `ldap` connections to TLS before anything else is said.'),
  allowPlaintext: z
    .boolean()
    .default(false)
    .describe('Allows `ldap` URLs without StartTLS: passwords travel in clear.'),
  tls,
  connectTimeoutMs: milliseconds(30_000)
    .default(3000)
    .describe('Longest wait for a connection, with TLS, in ms.'),
  operationTimeoutMs: milliseconds(60_000).default(3000).describe('Longest wait for a search, in ms.'),
  bindTimeoutMs: milliseconds(120_000)
    .optional()
    .describe('Longest wait for the bind of a user, in ms; by default 5000, with `jumpcloud` 65000.'),
  totalBudgetMs: milliseconds(180_000)
    .optional()
    .describe(
      'Longest time for one question over all servers, in ms; by default 8000, with `jumpcloud` 75000.',
    ),
  poolSize: z.int().min(1).max(64).default(4).describe('Most connections on which people are looked up.'),
};

export const ldapFields = {
  ...serverOptions,
  ...signInName,
  ...secondFactor,
  mode: z
    .enum(['search-bind', 'direct'])
    .default('search-bind')
    .describe(
      '`search-bind`: the entry of the user is searched, and its name bound. `direct`: `bindName` is bound; without `service` ' +
        'nobody can be looked up for a key login.',
    ),
  bindName: z
    .string()
    .max(2048)
    .refine((text) => placesOf(text).some((place) => NAME_PLACES.includes(place)), {
      error: 'does not hold {username}, {signInName} or {localPart}',
    })
    .refine((text) => /[=@\\]/.test(text) || text === '{signInName}', {
      error: 'is none of: a distinguished name, {username}@domain, DOMAIN\\{username}, {signInName}',
    })
    .optional()
    .describe(
      'With `mode: direct`: `uid={username},ou=people,dc=example,dc=com`, `{username}@corp.example` or `CORP\\{username}`.',
    ),
  service: service.optional(),
  searchBase: distinguishedName.optional().describe('Below which users are searched.'),
  searchScope: z.enum(['one', 'sub']).default('sub').describe('Only right below the base, or at any depth.'),
  userFilter: filterTemplate(NAME_PLACES, { isAboutUser: true })
    .optional()
    .describe(
      'Finds the user: `{username}` is the name as typed, `{signInName}` the one with `signInDomain`, `{localPart}` what is ' +
        'before the `@`.',
    ),
  userNameAttribute: attributeName
    .optional()
    .describe('Holds the name of a user, such as `uid` or `sAMAccountName`.'),
  subjectAttribute: attributeName.optional().describe('Holds an id that never changes, such as `entryUUID`.'),
  attributes: z
    .array(attributeName)
    .max(100)
    .optional()
    .describe('Attributes that are read for profiles; by default those of the preset.'),
  publicKeyAttributes: z
    .array(attributeName)
    .max(5)
    .optional()
    .describe(
      'Hold public keys; all of them are handed on as `sshPublicKey`. Of `altSecurityIdentities` only values beginning with `SSHKey:`.',
    ),
  disabledFilter: filterTemplate([], { isAboutUser: false })
    .optional()
    .describe('Matches accounts that are out of use, such as `(employeeType=left)`; they are refused.'),
  passwordPolicy: z
    .boolean()
    .optional()
    .describe('Whether binds ask for the state of the password by the password policy control.'),
  groups: z
    .strictObject({
      strategy: z
        .enum(['none', 'memberOf', 'search', 'tokenGroups'])
        .optional()
        .describe(
          '`memberOf`: the attribute of the user. `search`: by `filter`. `tokenGroups`: Active Directory counts them, nested ones ' +
            'and the primary one too, and their ids are SIDs.',
        ),
      base: distinguishedName
        .optional()
        .describe('Below which groups are searched; by default `searchBase`.'),
      filter: filterTemplate(GROUP_PLACES, { isAboutUser: true })
        .optional()
        .describe(
          'Finds the groups of a user: `{dn}`, `{userName}` as the directory spells it, and `{gidNumber}`.',
        ),
      nested: z
        .enum(['no', 'rule', 'recursive'])
        .optional()
        .describe(
          'Groups of groups: not at all, by the matching rule of Active Directory (1.2.840.113556.1.4.1941), or level by level.',
        ),
      nameAttribute: attributeName.default('cn').describe('Holds the name of a group.'),
      sidAttribute: attributeName
        .default('objectSid')
        .describe('Holds the SID of a group, such as `ipaNTSecurityIdentifier`.'),
      primaryGroup: z
        .boolean()
        .optional()
        .describe('Whether the primary group of Active Directory counts, which `memberOf` does not hold.'),
    })
    .prefault({})
    .describe('How the groups of a user are found.'),
  allowedGroups: z
    .array(z.string().min(1).max(2048))
    .min(1)
    .max(100)
    .optional()
    .describe('Only members of one of these get in: distinguished names, SIDs, or names.'),
};

export const ldapOptions = z.strictObject(ldapFields).superRefine((options, context) => {
  for (const [path, message] of mistakes(options))
    context.addIssue({ code: 'custom', path: [path], message });
});

export type LdapOptions = z.output<typeof ldapOptions>;

/** What two options say against each other. */
function* mistakes(options: z.output<z.ZodObject<typeof ldapFields>>): Generator<[string, string]> {
  yield* transportMistakes(options);
  const { mode, bindName, searchBase, service: identity, allowedGroups, disabledFilter, groups } = options;
  if (mode === 'direct' && bindName === undefined) yield ['bindName', 'is needed with mode: direct'];
  if (mode === 'search-bind' && bindName !== undefined) yield ['bindName', 'is for mode: direct'];
  if (mode === 'search-bind' && searchBase === undefined)
    yield ['searchBase', 'is needed with mode: search-bind'];
  if (mode === 'search-bind' && identity === undefined) yield ['service', 'is needed with mode: search-bind'];
  if (identity !== undefined && searchBase === undefined)
    yield ['searchBase', 'is needed where people are looked up'];
  const isReadable = searchBase !== undefined || bindName?.includes('=') === true;
  if (mode === 'direct' && !isReadable && (allowedGroups ?? disabledFilter) !== undefined)
    yield ['searchBase', 'is needed for allowedGroups and disabledFilter'];
  if (allowedGroups !== undefined && groups.strategy === 'none')
    yield ['allowedGroups', 'needs a strategy by which groups are found'];
}

/** What is wrong with the way to the servers. */
export function* transportMistakes(
  options: Pick<LdapOptions, 'servers' | 'startTls' | 'allowPlaintext' | 'tls' | 'service'>,
): Generator<[string, string]> {
  const { servers, startTls, allowPlaintext, tls: security } = options;
  const hasPlain = servers.some((url) => /^ldap:/i.test(url));
  if (hasPlain && !startTls && !allowPlaintext)
    yield ['servers', 'have an ldap URL: use ldaps or startTls, or say allowPlaintext: true'];
  if ((security.certificateFile === undefined) !== (security.keyFile === undefined))
    yield ['tls', 'needs certificateFile and keyFile together'];
  if (options.service?.method === 'external' && security.certificateFile === undefined)
    yield ['service', 'external needs a client certificate under tls'];
  if (security.ca !== undefined && security.caFile !== undefined) yield ['tls', 'has both ca and caFile'];
}

function isFilter(template: string): boolean {
  try {
    FilterParser.parseString(template.replace(/\{\w+\}/g, 'x'));
    return template.startsWith('(');
  } catch {
    return false;
  }
}
