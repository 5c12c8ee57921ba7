/** The little that is read out of distinguished names (RFC 4514): the first value, and whether two are the same. */

/** Spaces around separators, of which RFC 4514 says that they do not count; an escaped one does. */
const OUTER_SPACES = /^ +|(?<!\\) +$/g;
const PART_END = /(?<!\\)(?:\\\\)*,/;

/** The value of the first component, unescaped: `Sales, EU` of `CN=Sales\, EU,OU=Groups`. */
export function firstValue(dn: string): string {
  const first = components(dn)[0] ?? '';
  return unescaped(trimmed(first.slice(first.indexOf('=') + 1)));
}

/**
 * A form in which equal names are equal: without regard to case, spaces around separators and the way of escaping. Names that
 * a server's matching rules hold to be equal for other reasons stay different, which refuses rather than lets in.
 */
export function comparableName(dn: string): string {
  return components(dn)
    .map((component) => {
      const split = component.indexOf('=');
      const value = unescaped(trimmed(component.slice(split + 1)));
      return `${trimmed(component.slice(0, split))}=${JSON.stringify(value)}`.toLowerCase();
    })
    .join(',');
}

function components(dn: string): readonly string[] {
  const found: string[] = [];
  let rest = dn;
  for (let end = PART_END.exec(rest); end !== null; end = PART_END.exec(rest)) {
    const length = end.index + end[0].length;
    found.push(rest.slice(0, length - 1));
    rest = rest.slice(length);
  }
  return [...found, rest];
}

function trimmed(text: string): string {
  return text.replace(OUTER_SPACES, '');
}

/** Escaped bytes are of UTF-8 and may stand for one letter together only. */
function unescaped(value: string): string {
  return value.replace(/((?:\\[0-9a-f]{2})+)|\\(.)/giu, (_, bytes: string | undefined, letter: string) =>
    bytes === undefined ? letter : Buffer.from(bytes.replaceAll('\\', ''), 'hex').toString('utf8'),
  );
}
