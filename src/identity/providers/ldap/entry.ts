/** One entry of a directory: attributes whose names compare without case, with values as text or as bytes. */

import type { Entry } from 'ldapts';

/** Active Directory cuts long attributes and says so in the name: `memberOf;range=0-1499`. */
const RANGE = /^([^;]+);range=\d+-(\d+|\*)$/i;

interface Attribute {
  readonly name: string;
  readonly values: readonly (string | Buffer)[];
  readonly isCut: boolean;
}

export class LdapEntry {
  readonly dn: string;
  readonly #attributes = new Map<string, Attribute>();

  constructor({ dn, ...attributes }: Entry) {
    this.dn = dn;
    for (const [label, value] of Object.entries(attributes)) {
      const values = [value].flat();
      if (values.length === 0) continue;
      const [, name = label, end = '*'] = RANGE.exec(label) ?? [];
      this.#attributes.set(name.toLowerCase(), { name, values, isCut: end !== '*' });
    }
  }

  /** As the directory spells them. */
  get names(): readonly string[] {
    return [...this.#attributes.values()].map(({ name }) => name);
  }

  /** The values that are text; none where the attribute is absent or not readable for us. */
  texts(name: string): readonly string[] {
    const values = this.#attributes.get(name.toLowerCase())?.values ?? [];
    return values.filter((value) => typeof value === 'string');
  }

  text(name: string): string | undefined {
    return this.texts(name)[0];
  }

  /** Bytes that happened to be UTF-8 come from the library as text, and are the same bytes again. */
  bytes(name: string): readonly Buffer[] {
    const values = this.#attributes.get(name.toLowerCase())?.values ?? [];
    return values.map((value) => (typeof value === 'string' ? Buffer.from(value, 'utf8') : value));
  }

  has(name: string): boolean {
    return this.#attributes.has(name.toLowerCase());
  }

  /** Whether the directory gave a part of the values only. */
  isCut(name: string): boolean {
    return this.#attributes.get(name.toLowerCase())?.isCut === true;
  }
}
