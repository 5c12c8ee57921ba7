/** Finds a name that an object of a JSON text has twice, which `JSON.parse` settles silently in favour of the last. */

/** A string, or a character that opens, closes or divides. Numbers and words carry no names. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],]/g;

interface Level {
  /** The names so far; undefined for a list. */
  readonly names: Set<string> | undefined;
  /** In an object: the next string is a name. */
  awaitsName: boolean;
  /** What stands before this level, for the message. */
  readonly path: string;
  lastName: string;
}

/** The path of the second use, such as `Statement.Condition`. The text is JSON that was parsed before. */
export function duplicateKey(text: string): string | undefined {
  const levels: Level[] = [];
  for (const [token] of text.matchAll(TOKEN)) {
    const level = levels.at(-1);
    if (token === '{' || token === '[') {
      levels.push(opened(token, level));
    } else if (token === '}' || token === ']') {
      levels.pop();
    } else if (token === ',') {
      if (level !== undefined) level.awaitsName = true;
    } else if (level?.names !== undefined && level.awaitsName) {
      const name: string = JSON.parse(token);
      if (level.names.has(name)) return joined(level.path, name);
      level.names.add(name);
      level.awaitsName = false;
      level.lastName = name;
    }
  }
  return undefined;
}

function opened(token: '{' | '[', outer: Level | undefined): Level {
  const path = outer === undefined ? '' : joined(outer.path, outer.lastName);
  return { names: token === '{' ? new Set() : undefined, awaitsName: true, path, lastName: '' };
}

function joined(path: string, name: string): string {
  return path === '' || name === '' ? `${path}${name}` : `${path}.${name}`;
}
