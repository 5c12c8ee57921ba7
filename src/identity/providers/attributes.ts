/** Turns a profile or the claims of a token into attributes. */

import { z } from 'zod';

const scalar = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const values = z.union([z.array(scalar), scalar.transform((value) => [value])]);

/** Texts, numbers, truth values and lists of them; anything deeper is left out. */
export function attributesOf(
  members: Readonly<Record<string, unknown>>,
): ReadonlyMap<string, readonly string[]> {
  const attributes = new Map<string, readonly string[]>();
  for (const [name, value] of Object.entries(members)) {
    const parsed = values.safeParse(value);
    if (parsed.success) attributes.set(name, parsed.data);
  }
  return attributes;
}
