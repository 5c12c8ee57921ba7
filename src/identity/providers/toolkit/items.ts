/** The items of the toolkit's two tables, checked as far as their shape goes. */

import { z } from 'zod';
import { Denied, IdentityFault } from '../../decision.ts';
import type { RecordMembers } from '../../records/record.ts';

/** The user whose item is for everybody who has none. */
export const DEFAULT_USER = '$default$';

/** Anything may stand there; Python's idea of true decides. */
const flag = z.unknown().optional().transform(isTruthy);

/** Conditions of both kinds of items. The toolkit has the first two; the others are ours. */
const conditions = {
  ipv4_allow_list: z.unknown().optional(),
  server_id_allow_list: z.unknown().optional(),
  ip_allow_list: z.unknown().optional(),
  protocols: z.unknown().optional(),
  not_before: z.unknown().optional(),
  not_after: z.unknown().optional(),
  disabled: flag,
};

const config = z
  .looseObject({})
  .nullish()
  .transform((members): RecordMembers => members ?? {});

const userItem = z.looseObject({
  user: z.string().min(1),
  identity_provider_key: z.string().min(1),
  idp_username: z
    .string()
    .nullish()
    .transform((text) => (text?.trim() ? text.trim() : undefined)),
  /** Ours: which item counts where a name has several; the least wins. */
  priority: z.number().optional(),
  config,
  ...conditions,
});

const providerItem = z.looseObject({
  provider: z.string().min(1),
  module: z.string().min(1),
  public_key_support: flag,
  config,
  ...conditions,
});

export type UserItem = z.output<typeof userItem>;
export type ProviderItem = z.output<typeof providerItem>;
export type ItemConditions = Pick<UserItem, keyof typeof conditions>;

/** @throws Denied RECORD_INVALID, for nobody else is concerned */
export function readUserItem(members: RecordMembers): UserItem {
  const parsed = userItem.safeParse(members);
  if (!parsed.success)
    throw new Denied('RECORD_INVALID', `The item of the user: ${mistakesOf(parsed.error)}.`);
  const { user, idp_username: nameThere } = parsed.data;
  // Whoever has that one password would be everybody whom nobody knows.
  if (user === DEFAULT_USER && nameThere !== undefined)
    throw new Denied('RECORD_INVALID', `The item of the user: idp_username is not for ${DEFAULT_USER}.`);
  return parsed.data;
}

/** @throws IdentityFault CONFIGURATION_INVALID, for everybody of the provider is concerned */
export function readProviderItem(members: RecordMembers): ProviderItem {
  const parsed = providerItem.safeParse(members);
  if (parsed.success) return parsed.data;
  throw new IdentityFault(
    'CONFIGURATION_INVALID',
    `The item of the identity provider: ${mistakesOf(parsed.error)}.`,
  );
}

/** Which members are wrong, without their values. */
function mistakesOf(error: z.ZodError): string {
  const members = error.issues.map(({ path }) => path.join('.'));
  return `${[...new Set(members)].join(', ')} missing or not of the right type`;
}

function isTruthy(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return Boolean(value);
}
