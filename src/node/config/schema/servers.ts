/** Configuration of the servers: the fields of the API's CreateServer, and where to listen. */

import { isIP } from 'node:net';
import { z } from 'zod';
import {
  DEFAULT_SECURITY_POLICY,
  SECURITY_POLICIES,
  UNPUBLISHED_POLICIES,
} from '../../../endpoint/security-policies.ts';
import type { ListenAddress } from '../../../endpoint/sftp-endpoint.ts';
import { network } from '../../../identity/pipeline/options.ts';
import { PublicKeyError, parseAuthorityKey } from '../../../ssh/index.ts';
import { DIRECTORY_ID_HINT, isDirectoryId } from './directories.ts';
import { FUNCTION_ARN_HINT, isFunctionArn } from './functions.ts';

/** The API's banner: printable ASCII and white space, at most 4,096 characters. */
const BANNER = /^[\t-\r -~]*$/;
const MAX_BANNER_CHARACTERS = 4096;
const MAX_PORT = 65_535;

/** The API's `Url`. */
const MAX_URL_CHARACTERS = 255;

/** Most authorities of a server. */
const MAX_AUTHORITIES = 50;

/** Most entries of a list of what is revoked: each is compared at each login with a key. */
const MAX_REVOKED = 10_000;

/** Most host keys of a server; AWS has the same number. */
const MAX_HOST_KEYS = 10;

const LISTEN_HINT = 'is not an address: write host:port or [IPv6 address]:port; port 0 takes any free port';

const protocol = z.enum(['SFTP'], {
  error: ({ input }) =>
    input === 'FTPS' || input === 'FTP' || input === 'AS2'
      ? `${input} is not served by this version; use SFTP`
      : undefined,
});

const identityProviderType = z.enum(['AWS_LAMBDA', 'API_GATEWAY', 'AWS_DIRECTORY_SERVICE'], {
  error: ({ input }) =>
    input === 'SERVICE_MANAGED'
      ? 'SERVICE_MANAGED is not supported by this version; use AWS_LAMBDA and a function with `provider: file`'
      : undefined,
});

const listenAddress = z.string().transform((text, context): ListenAddress => {
  const address = parseListenAddress(text);
  if (address !== undefined) return address;
  context.addIssue({ code: 'custom', message: LISTEN_HINT });
  return z.NEVER;
});

const authorityKey = z.string().superRefine((line, context) => {
  try {
    parseAuthorityKey(line);
  } catch (error) {
    if (!(error instanceof PublicKeyError)) throw error;
    context.addIssue({ code: 'custom', message: `is not a key of an authority: ${error.message}` });
  }
});

const fingerprint = z.string().regex(/^SHA256:[A-Za-z0-9+/]{43}$/, {
  error: 'is not a fingerprint: "SHA256:" and 43 characters, as ssh-keygen -l prints it',
});

const serials = z
  .string()
  .regex(/^\d{1,20}(-\d{1,20})?$/, { error: 'is not a serial, `7`, or a range of serials, `10-20`' });

const revokedCertificates = z.strictObject({
  Authority: fingerprint
    .optional()
    .describe(
      'Fingerprint of the authority that signed them: serials are its own. Without it any authority.',
    ),
  Serials: z.array(serials).default([]).describe('Their serials, as text: `7`, or a range `10-20`.'),
  KeyIds: z.array(z.string().min(1)).default([]).describe('Their key ids.'),
});

const securityPolicyName = z.enum(
  SECURITY_POLICIES.map((policy) => policy.SecurityPolicyName),
  {
    error: ({ input }) => {
      const successor = typeof input === 'string' ? UNPUBLISHED_POLICIES[input] : undefined;
      return successor === undefined
        ? undefined
        : `names a policy whose contents AWS does not publish; use ${successor}`;
    },
  },
);

const identityProviderDetails = z
  .strictObject({
    Function: z
      .string()
      .refine(isFunctionArn, { error: FUNCTION_ARN_HINT })
      .optional()
      .describe('With `AWS_LAMBDA`: ARN of the identity-provider function, one of those under `functions`.'),
    Url: z
      .url({ protocol: /^https?$/ })
      .max(MAX_URL_CHARACTERS)
      .optional()
      .describe(
        'With `API_GATEWAY`: where the method is; `/servers/{serverId}/users/{username}/config` is appended. Plain http only for ' +
          'loopback addresses.',
      ),
    InvocationRole: z
      .string()
      .regex(/^arn:.*role\/\S+$/, { error: 'is not the ARN of a role' })
      .optional()
      .describe('With `Url`: role to assume for signing the call (SigV4, service `execute-api`).'),
    Region: z
      .string()
      .min(1)
      .optional()
      .describe(
        'With `Url`: region of the signature; by default the one in an AWS host name. Our extension.',
      ),
    ApiKey: z
      .string()
      .min(1)
      .optional()
      .describe(
        'With `Url`: sent as `x-api-key`; without it and without `InvocationRole` nothing is signed. Our extension.',
      ),
    DirectoryId: z
      .string()
      .refine(isDirectoryId, { error: DIRECTORY_ID_HINT })
      .optional()
      .describe('With `AWS_DIRECTORY_SERVICE`: one of those under `directories`.'),
    SftpAuthenticationMethods: z
      .enum(['PASSWORD', 'PUBLIC_KEY', 'PUBLIC_KEY_OR_PASSWORD', 'PUBLIC_KEY_AND_PASSWORD'])
      .default('PUBLIC_KEY_OR_PASSWORD')
      .describe(
        'What an SFTP user logs in with. `PUBLIC_KEY_AND_PASSWORD` asks the function twice; both must agree.',
      ),
    KeyboardInteractive: z
      .enum(['DISABLED', 'ENABLED', 'PROVIDER'])
      .default('DISABLED')
      .describe(
        'Whether SFTP users may log in by prompts wherever a password would do. `ENABLED`: beside passwords; the first prompt is ' +
          'for the password, and the provider may then ask for more. `PROVIDER`: in place of passwords; every question is the ' +
          "provider's, the first one too. Our extension. Some clients prefer prompts to a saved password.",
      ),
  })
  .describe('How the identity provider is reached.');

const protocolDetails = z
  .strictObject({
    SetStatOption: z
      .enum(['DEFAULT', 'ENABLE_NO_OP'])
      .default('DEFAULT')
      .describe(
        'What becomes of the modes, owners and times that SFTP clients set on the files of an S3 server. `DEFAULT`: ' +
          'times are kept, modes and owners are refused, as on AWS. `ENABLE_NO_OP`: the client is told that all went well and ' +
          'nothing is changed, but for a size. EFS servers always set them.',
      ),
  })
  .prefault({})
  .describe('Settings of the protocols.');

const s3StorageOptions = z
  .strictObject({
    DirectoryListingOptimization: z
      .enum(['ENABLED', 'DISABLED'])
      .default('DISABLED')
      .describe(
        'Listings of buckets in S3. `ENABLED`: one page of a listing costs one request. `DISABLED`: the marker object of each ' +
          'directory is looked at too, so that directories show their times.',
      ),
  })
  .prefault({})
  .describe('How buckets are served.');

const server = z.strictObject({
  ServerId: z
    .string()
    .regex(/^s-[0-9a-f]{17}$/, { error: 'is not a server id: "s-" and 17 hexadecimal digits' })
    .optional()
    .describe(
      'Id of the server, told to the function. By default derived from its place in this list: set it before ' +
        'reordering servers.',
    ),
  Protocols: z
    .array(protocol)
    .min(1)
    .max(1)
    .default(['SFTP'])
    .describe('Protocols of the server. This version serves SFTP.'),
  Domain: z.enum(['S3', 'EFS']).default('S3').describe('Kind of storage. EFS users need a `PosixProfile`.'),
  IdentityProviderType: identityProviderType.describe(
    'Who judges logins: `AWS_LAMBDA`, a function; `API_GATEWAY`, an HTTP method; `AWS_DIRECTORY_SERVICE`, a directory.',
  ),
  IdentityProviderDetails: identityProviderDetails,
  SecurityPolicyName: securityPolicyName
    .default(DEFAULT_SECURITY_POLICY.SecurityPolicyName)
    .describe(
      'Algorithms of the server, and their order: see [security policies](security-policies.md). Clients from before ' +
        '2018 may need another than the default.',
    ),
  HostKeys: z
    .array(z.string().min(1))
    .min(1)
    .max(MAX_HOST_KEYS)
    .optional()
    .describe(
      'Files of private host keys, in OpenSSH or PEM form without a passphrase, relative to this file. The first of a ' +
        'type signs; the others are announced, so that clients know a key before it is used. By default the keys of this ' +
        'installation, in the data folder.',
    ),
  PreAuthenticationLoginBanner: z
    .string()
    .max(MAX_BANNER_CHARACTERS)
    .regex(BANNER, { error: 'may hold only printable ASCII characters, tabs and line breaks' })
    .optional()
    .describe('Text shown before the login.'),
  PostAuthenticationLoginBanner: z
    .string()
    .max(MAX_BANNER_CHARACTERS)
    .regex(BANNER, { error: 'may hold only printable ASCII characters, tabs and line breaks' })
    .optional()
    .describe('Text shown to SFTP users who have logged in.'),
  TrustedUserCAKeys: z
    .array(authorityKey)
    .max(MAX_AUTHORITIES)
    .default([])
    .describe(
      'Keys of authorities, each as `type base64 comment`: certificates they signed log SFTP users in. Our extension.',
    ),
  RevokedKeys: z
    .array(fingerprint)
    .max(MAX_REVOKED)
    .default([])
    .describe(
      'Fingerprints of keys that nobody logs in with, bare or in a certificate, and of authorities whose certificates are not ' +
        'taken. Our extension.',
    ),
  RevokedCertificates: z
    .array(revokedCertificates)
    .max(MAX_REVOKED)
    .default([])
    .describe('Certificates that nobody logs in with, although they are valid. Our extension.'),
  SourceNetworks: z
    .array(network)
    .optional()
    .describe(
      'Networks that clients may log in from, IPv4 and IPv6; an empty list is none. By default from everywhere. Our extension.',
    ),
  DeniedNetworks: z
    .array(network)
    .default([])
    .describe('Networks that clients may not log in from, whatever is allowed. Our extension.'),
  ProtocolDetails: protocolDetails,
  S3StorageOptions: s3StorageOptions,
  PartialUploads: z
    .enum(['STORE', 'DISCARD'])
    .default('STORE')
    .describe(
      'What an upload into a bucket leaves whose client went away before it closed the file. `STORE`: what arrived becomes the ' +
        'object, as on AWS, and is logged as PARTIAL_CLOSE. `DISCARD`: what was there before stays. Our extension; POSIX file ' +
        'systems keep what was written in place.',
    ),
  listen: z
    .strictObject({
      SFTP: listenAddress.describe('`host:port` or `[IPv6 address]:port`. Port 0 takes any free port.'),
    })
    .describe('Where the server listens, by protocol.'),
});

export const servers = z
  .array(server)
  .min(1, { error: 'must hold at least one server' })
  .describe("The servers: the fields of the Transfer API's CreateServer, and where to listen.");

export function parseListenAddress(text: string): ListenAddress | undefined {
  const { v6, name, digits } =
    /^(?:\[(?<v6>[^\]]+)\]|(?<name>[^:[\]\s]+)):(?<digits>\d{1,5})$/.exec(text)?.groups ?? {};
  const host = v6 ?? name;
  const port = Number(digits);
  const isAddress = v6 === undefined || isIP(v6) === 6;
  return host !== undefined && isAddress && port <= MAX_PORT ? { host, port } : undefined;
}
