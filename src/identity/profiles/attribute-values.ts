/** Finds an attribute of a person by its name, which directories and tokens spell as they like. */

import type { Person } from '../providers/provider.ts';

/** The values that are not blank, as they are; none where there is no such attribute. Names compare without case. */
export function attributeValues(person: Person, name: string): readonly string[] {
  const wanted = name.toLowerCase();
  for (const [attribute, values] of person.attributes) {
    if (attribute.toLowerCase() === wanted) return values.filter((value) => value.trim() !== '');
  }
  return [];
}
