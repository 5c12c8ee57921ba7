/** Puts `{{USERNAME}}`, `{{AWS_REGION}}` and `{{AWS_ACCOUNT}}` into a session profile. */

import { Denied } from '../../decision.ts';
import { mapSessionTexts } from '../../profiles/session-texts.ts';
import type { SessionProfile } from '../../records/record.ts';

const PLACEHOLDER = /\{\{(\w+)\}\}/g;

/** What there is; a value that is not known is absent. */
export interface PlaceholderValues {
  readonly USERNAME: string;
  readonly AWS_REGION: string;
  readonly AWS_ACCOUNT?: string;
}

/** @throws Denied RECORD_INVALID for other placeholders, and for values that do not fit their place */
export function fillPlaceholders(session: SessionProfile, values: PlaceholderValues): SessionProfile {
  const known: ReadonlyMap<string, string> = new Map(Object.entries(values));
  return mapSessionTexts(session, (text, { fit, member }) =>
    text.replace(PLACEHOLDER, (source: string, name: string) => {
      const value = known.get(name);
      if (value === undefined)
        throw new Denied('RECORD_INVALID', `${member} holds a placeholder that is not known.`);
      return fit(value, source);
    }),
  );
}

const NAMES: readonly string[] = [
  'USERNAME',
  'AWS_REGION',
  'AWS_ACCOUNT',
] satisfies (keyof PlaceholderValues)[];

/** Names of placeholders in any text of a `config` that there are not. */
export function unknownPlaceholders(config: unknown): readonly string[] {
  const found = [...JSON.stringify(config).matchAll(PLACEHOLDER)].map(([, name = '']) => name);
  return [...new Set(found)].filter((name) => !NAMES.includes(name));
}
