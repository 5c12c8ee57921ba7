/** Puts text from outside into search filters (RFC 4515) and distinguished names (RFC 4514), so that it stays a value. */

const FILTER_SPECIAL = /[\\*()\0]/g;
/** Beside the letters with a meaning: control characters, which some servers trim or cut at. */
const DN_SPECIAL = /[\\,+"<>;=#]|\p{Cc}/gu;
const PLACE = /\{(\w+)\}/g;

/** RFC 4515, section 3. */
export function escapeFilterValue(text: string): string {
  return text.replace(FILTER_SPECIAL, hexEscape);
}

/** RFC 4514, section 2.4; the hexadecimal form is the one that every server reads. */
export function escapeDnValue(text: string): string {
  return text.replace(DN_SPECIAL, hexEscape).replace(/^ | $/g, '\\20');
}

/** The names in braces of a template. */
export function placesOf(template: string): readonly string[] {
  return [...template.matchAll(PLACE)].flatMap(([, name]) => name ?? []);
}

/** One pass, so that a value that holds `{dn}` is not filled again. Places without a value become empty. */
export function fillTemplate(
  template: string,
  values: Readonly<Record<string, string>>,
  escapeValue: (text: string) => string,
): string {
  return template.replace(PLACE, (_, name: string) =>
    Object.hasOwn(values, name) ? escapeValue(values[name] ?? '') : '',
  );
}

function hexEscape(character: string): string {
  return [...Buffer.from(character, 'utf8')]
    .map((byte) => `\\${byte.toString(16).padStart(2, '0')}`)
    .join('');
}
