/** Turns the module and the `config` of a provider item into the configuration of one of our providers. */

import { z } from 'zod';
import { type SingleProvider, singleProvider } from '../../configuration.ts';
import { IdentityFault } from '../../decision.ts';
import type { AttributesOptions } from '../../profiles/options.ts';
import type { Secret } from '../../secret.ts';
import type { ProviderItem } from './items.ts';

/** The modules of the toolkit. The first two judge by the item of the user alone. */
const MODULES = ['argon2', 'public_key', 'cognito', 'entra', 'ldap', 'okta', 'secrets_manager'] as const;
export type Module = (typeof MODULES)[number];
type LocalModule = 'argon2' | 'public_key';
type RemoteModule = Exclude<Module, LocalModule>;

/** Where items name their secrets. */
export interface SecretReader {
  read(id: string): Promise<Secret>;
}

type Options = Readonly<Record<string, unknown>>;
type Translate = (config: Options, context: Context) => Promise<Options>;

interface Context {
  readonly secrets: SecretReader;
  readonly region: string;
}

const LDAPS_PORT = 636;
/** Under which our provider hands on keys of whatever attribute. */
const LDAP_KEYS = 'sshPublicKey';
const CODE_LENGTH = 6;
const SECRET_PREFIX = 'SFTP/';
/** Ours, and never in an item. */
const SECRET_SUFFIX = 'secret_suffix';
const ENTRA_AUTHORITY = 'https://login.microsoftonline.com/organizations';

/** @throws IdentityFault CONFIGURATION_INVALID for a module that the toolkit does not have */
export function moduleOf({ module }: ProviderItem): Module {
  const known = MODULES.find((name) => name === module);
  if (known === undefined)
    throw new IdentityFault(
      'CONFIGURATION_INVALID',
      'The item of the identity provider has an unknown module.',
    );
  return known;
}

export function isLocalModule(module: Module): module is LocalModule {
  return module === 'argon2' || module === 'public_key';
}

const attributesConfig = z.looseObject({
  attributes: z.record(z.string(), z.string()).nullish(),
  ignore_missing_attributes: z.boolean().nullish(),
});

/** Which attributes of the identity provider say what about the session. @throws IdentityFault CONFIGURATION_INVALID */
export function attributeOptions({
  config,
  module,
}: Pick<ProviderItem, 'config' | 'module'>): AttributesOptions {
  const { attributes, ignore_missing_attributes } = read(attributesConfig, config);
  const { Role, Policy, Uid, Gid, PublicKeys } = attributes ?? {};
  const hasIds = Uid !== undefined && Gid !== undefined;
  return {
    ...(Role === undefined ? {} : { Role }),
    ...(Policy === undefined ? {} : { Policy }),
    // The toolkit takes both or none.
    ...(hasIds ? { Uid, Gid } : {}),
    ...(PublicKeys === undefined ? {} : { PublicKeys: module === 'ldap' ? LDAP_KEYS : PublicKeys }),
    ignoreMissing: ignore_missing_attributes === true,
    allowRoot: false,
  };
}

/** @throws IdentityFault CONFIGURATION_INVALID, UPSTREAM_FAILED where a secret cannot be read */
export async function moduleConfiguration(
  item: ProviderItem,
  secrets: SecretReader,
  region: string,
): Promise<SingleProvider> {
  const module = moduleOf(item);
  if (isLocalModule(module)) throw new IdentityFault('INTERNAL_ERROR', 'The module has no provider.');
  const { provider, translate } = TRANSLATIONS[module];
  const options = await translate(item.config, { secrets, region });
  const parsed = singleProvider.safeParse({ provider, options });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const what = `${issue?.path.join('.')}: ${issue?.message}`;
  throw new IdentityFault('CONFIGURATION_INVALID', `The item of the identity provider makes ${what}.`);
}

const TRANSLATIONS: Readonly<Record<RemoteModule, { provider: string; translate: Translate }>> = {
  cognito: { provider: 'cognito', translate: cognitoOptions },
  entra: { provider: 'entra', translate: entraOptions },
  ldap: { provider: 'ldap', translate: ldapOptions },
  okta: { provider: 'okta', translate: oktaOptions },
  secrets_manager: { provider: 'secrets-manager', translate: secretsManagerOptions },
};

const mfaConfig = {
  mfa: z.boolean().nullish(),
  mfa_token_length: z.coerce.number().int().nullish(),
};

/** With `mfa` the toolkit takes the code off the end of the password, always. */
function secondFactor({ mfa, mfa_token_length }: z.output<z.ZodObject<typeof mfaConfig>>): Options {
  return mfa === true ? { mfa: 'appended', codeLength: mfa_token_length ?? CODE_LENGTH } : { mfa: 'none' };
}

const cognitoConfig = z.looseObject({
  cognito_client_id: z.string(),
  /** Ours: the pool whose tokens are taken, which the toolkit does not look at. */
  cognito_user_pool_id: z.string(),
  cognito_user_pool_region: z.string().nullish(),
  ...mfaConfig,
});

async function cognitoOptions(config: Options, { region }: Context): Promise<Options> {
  const values = read(cognitoConfig, config);
  return {
    clientId: values.cognito_client_id,
    userPoolId: values.cognito_user_pool_id,
    region: values.cognito_user_pool_region ?? region,
    flow: 'user-password',
    ...secondFactor(values),
  };
}

const secretsManagerConfig = z.looseObject({
  secret_prefix: z.string().nullish(),
  [SECRET_SUFFIX]: z.string().nullish(),
});

async function secretsManagerOptions(config: Options, { region }: Context): Promise<Options> {
  const { secret_prefix: prefix, [SECRET_SUFFIX]: suffix } = read(secretsManagerConfig, config);
  return { region, secretNames: [`${prefix ?? SECRET_PREFIX}{userName}${suffix ?? ''}`] };
}

/** The same item for the second secret of a user, which has the keys that the first one lacks. */
export function keysSecretItem(item: ProviderItem): ProviderItem {
  return { ...item, config: { ...item.config, [SECRET_SUFFIX]: '/keys' } };
}

const oktaConfig = z.looseObject({
  okta_domain: z.string(),
  /** Ours: profiles are read with a token, where the toolkit makes a session of the user. */
  okta_api_token_secret_arn: z.string().nullish(),
  attributes: z.record(z.string(), z.string()).nullish(),
  ...mfaConfig,
});

async function oktaOptions(config: Options, { secrets }: Context): Promise<Options> {
  const { okta_domain, okta_api_token_secret_arn: arn, attributes, ...rest } = read(oktaConfig, config);
  if (arn == null && Object.keys(attributes ?? {}).length > 0)
    throw new IdentityFault(
      'CONFIGURATION_INVALID',
      'An item for okta with attributes needs okta_api_token_secret_arn.',
    );
  const token = arn == null ? {} : { apiToken: (await secrets.read(arn)).reveal().trim() };
  return { orgUrl: `https://${okta_domain}`, ...token, ...secondFactor(rest) };
}

const entraConfig = z.looseObject({
  client_id: z.string(),
  app_secret_arn: z.string().nullish(),
  authority_url: z.string().nullish(),
  /** Ours: the tenant whose users are taken, where the authority is for those of any. */
  entra_tenant_id: z.string().nullish(),
});

async function entraOptions(config: Options, { secrets }: Context): Promise<Options> {
  const { client_id, app_secret_arn, authority_url, entra_tenant_id } = read(entraConfig, config);
  const secret = app_secret_arn == null ? undefined : await secrets.read(app_secret_arn);
  return {
    clientId: client_id,
    authority: authority_url ?? ENTRA_AUTHORITY,
    ...(entra_tenant_id == null ? {} : { tenantId: entra_tenant_id }),
    ...(secret === undefined ? {} : { clientSecret: secret.reveal().trim() }),
  };
}

const texts = z.union([z.string().transform((text) => [text]), z.array(z.string())]);

const ldapConfig = z.looseObject({
  server: texts,
  port: z.coerce.number().int().nullish(),
  ssl: z.boolean().nullish(),
  ssl_verify: z.boolean().nullish(),
  ldap_ssl_ca_secret_arn: z.string().nullish(),
  domain: z.string().nullish(),
  search_base: z.string(),
  attributes: z.record(z.string(), z.string()).nullish(),
  ldap_service_account_secret_arn: z.string().nullish(),
  ldap_allowed_groups: texts.nullish(),
});
type LdapConfig = z.output<typeof ldapConfig>;

/** What the toolkit searches: users of Active Directory and of directories with `uid`. */
const LDAP_USER_FILTER =
  '(|(&(objectClass=user)(uid={username}))(&(objectCategory=person)(sAMAccountName={username})))';

async function ldapOptions(config: Options, { secrets }: Context): Promise<Options> {
  const values = read(ldapConfig, config);
  const isTls = values.ssl ?? true;
  const scheme = isTls ? 'ldaps' : 'ldap';
  return {
    preset: 'active-directory',
    servers: values.server.map((host) => `${scheme}://${host}:${values.port ?? LDAPS_PORT}`),
    serverOrder: 'round-robin',
    allowPlaintext: !isTls,
    tls: await ldapTls(values, secrets),
    mode: 'direct',
    bindName: bindName('{username}', values.domain) ?? '{signInName}',
    searchBase: values.search_base,
    userFilter: LDAP_USER_FILTER,
    attributes: Object.entries(values.attributes ?? {}).flatMap(([member, name]) =>
      member === 'PublicKeys' ? [] : [name],
    ),
    ...ldapKeys(values),
    ...(await ldapService(values, secrets)),
    ...ldapGroups(values),
  };
}

async function ldapTls(values: LdapConfig, secrets: SecretReader): Promise<Options> {
  const ca =
    values.ldap_ssl_ca_secret_arn == null ? undefined : await secrets.read(values.ldap_ssl_ca_secret_arn);
  return { verify: values.ssl_verify ?? true, ...(ca === undefined ? {} : { ca: ca.reveal() }) };
}

const serviceAccount = z.looseObject({ username: z.string(), password: z.string() });

async function ldapService(values: LdapConfig, secrets: SecretReader): Promise<Options> {
  if (values.ldap_service_account_secret_arn == null) return {};
  const secret = await secrets.read(values.ldap_service_account_secret_arn);
  const account = serviceAccount.safeParse(parseJson(secret));
  if (!account.success)
    throw new IdentityFault(
      'CONFIGURATION_INVALID',
      'The secret of the service account lacks username or password.',
    );
  const { username, password } = account.data;
  const dn = bindName(username, values.domain) ?? username;
  return { service: { method: 'simple', dn, password } };
}

/** `jdoe@corp.example` with a DNS name, `CORP\jdoe` with another one; undefined without a domain. */
function bindName(user: string, domain: string | null | undefined): string | undefined {
  if (domain == null || domain === '') return undefined;
  return domain.includes('.') ? `${user}@${domain}` : `${domain}\\${user}`;
}

function ldapKeys({ attributes }: LdapConfig): Options {
  const name = attributes?.PublicKeys;
  return name === undefined ? {} : { publicKeyAttributes: [name] };
}

function ldapGroups({ ldap_allowed_groups }: LdapConfig): Options {
  if (ldap_allowed_groups == null) return { groups: { strategy: 'none' } };
  return { allowedGroups: ldap_allowed_groups, groups: { strategy: 'memberOf', nested: 'rule' } };
}

function read<Schema extends z.ZodType>(schema: Schema, config: unknown): z.output<Schema> {
  const parsed = schema.safeParse(config);
  if (parsed.success) return parsed.data;
  const members = [...new Set(parsed.error.issues.map(({ path }) => path.join('.')))].join(', ');
  throw new IdentityFault(
    'CONFIGURATION_INVALID',
    `The config of the identity provider: ${members} missing or not of the right type.`,
  );
}

function parseJson(secret: Secret): unknown {
  try {
    return JSON.parse(secret.reveal());
  } catch {
    return undefined;
  }
}
