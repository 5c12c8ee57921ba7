/** The options of a directory with everything filled in that the preset decides. */

import type { LdapOptions } from './options.ts';
import { type Preset, presetOf } from './presets.ts';

type Settled = Pick<
  Preset,
  | 'userFilter'
  | 'userNameAttribute'
  | 'subjectAttribute'
  | 'publicKeyAttributes'
  | 'attributes'
  | 'passwordPolicy'
  | 'bindTimeoutMs'
  | 'totalBudgetMs'
>;

export interface LdapSettings extends Omit<LdapOptions, keyof Settled | 'groups'>, Settled {
  readonly requiredAttributes: readonly string[];
  readonly groups: Preset['groups'] & {
    readonly base: string | undefined;
    readonly nameAttribute: string;
    readonly sidAttribute: string;
  };
}

export function settle(options: LdapOptions): LdapSettings {
  const preset = presetOf(options.preset);
  const { groups } = options;
  return {
    ...options,
    userFilter: options.userFilter ?? preset.userFilter,
    userNameAttribute: options.userNameAttribute ?? preset.userNameAttribute,
    subjectAttribute: options.subjectAttribute ?? preset.subjectAttribute,
    publicKeyAttributes: options.publicKeyAttributes ?? preset.publicKeyAttributes,
    attributes: options.attributes ?? preset.attributes,
    passwordPolicy: options.passwordPolicy ?? preset.passwordPolicy,
    bindTimeoutMs: options.bindTimeoutMs ?? preset.bindTimeoutMs,
    totalBudgetMs: options.totalBudgetMs ?? preset.totalBudgetMs,
    requiredAttributes: preset.requiredAttributes,
    groups: {
      strategy: groups.strategy ?? preset.groups.strategy,
      filter: groups.filter ?? preset.groups.filter,
      nested: groups.nested ?? preset.groups.nested,
      primaryGroup: groups.primaryGroup ?? preset.groups.primaryGroup,
      base: groups.base ?? options.searchBase,
      nameAttribute: groups.nameAttribute,
      sidAttribute: groups.sidAttribute,
    },
  };
}
