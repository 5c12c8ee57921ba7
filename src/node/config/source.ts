/** The text of a configuration file as values, with the line of every key. */

import { isMap, isNode, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { ConfigurationError, type Path } from './problem.ts';

/** A configuration of thousands of roles fits; a device or a wrong file does not fill the memory. */
export const MAX_FILE_BYTES = 1024 * 1024;
/** Enough to share a policy between roles; far too few for aliases of aliases to grow without end. */
const MAX_ALIAS_COUNT = 100;

export interface Source {
  readonly value: unknown;
  /** Line of the key or item, or of the nearest one around it that is in the text. */
  lineOf(path: Path): number | undefined;
}

/** Parses YAML 1.2. `name` stands for the file in error lines. @throws ConfigurationError SYNTAX, FILE_TOO_LARGE */
export function parseSource(text: string, name: string): Source {
  if (Buffer.byteLength(text) > MAX_FILE_BYTES) throw fileTooLarge(name);
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false, uniqueKeys: true });
  const lineAt = (offset: number) => lineCounter.linePos(offset).line;
  // A warning is, for instance, a tag that nobody resolves: the value would not be what it looks like.
  const problems = [...document.errors, ...document.warnings].map((error) => ({
    line: lineAt(error.pos[0]),
    path: [],
    message: error.message,
  }));
  if (problems.length > 0) throw new ConfigurationError('SYNTAX', name, problems);

  const root = document.contents;
  return { value: toValue(() => document.toJS({ maxAliasCount: MAX_ALIAS_COUNT }), name), lineOf };

  function lineOf(path: Path): number | undefined {
    let offset = root?.range?.[0];
    let node: Node | null | undefined = root;
    for (const part of path) {
      const found: Found | undefined = step(node, part);
      if (found === undefined) break;
      offset = found.offset ?? offset;
      node = found.node;
    }
    return offset === undefined ? undefined : lineAt(offset);
  }
}

export function fileTooLarge(name: string): ConfigurationError {
  const message = `is larger than ${MAX_FILE_BYTES} bytes; is it the right file?`;
  return new ConfigurationError('FILE_TOO_LARGE', name, [{ path: [], message }]);
}

function toValue(read: () => unknown, name: string): unknown {
  try {
    return read();
  } catch (cause) {
    const message = `uses more than ${MAX_ALIAS_COUNT} YAML aliases, or one that has no anchor; write the values out`;
    throw new ConfigurationError('SYNTAX', name, [{ path: [], message }], { cause });
  }
}

interface Found {
  readonly offset: number | undefined;
  readonly node: Node | undefined;
}

function step(node: Node | null | undefined, part: string | number): Found | undefined {
  if (isSeq(node)) {
    const item = node.items[Number(part)];
    return isNode(item) ? { offset: item.range?.[0], node: item } : undefined;
  }
  if (!isMap(node)) return undefined;
  const pair = node.items.find(({ key }) => keyText(key) === String(part));
  if (pair === undefined) return undefined;
  return {
    offset: isNode(pair.key) ? pair.key.range?.[0] : undefined,
    node: isNode(pair.value) ? pair.value : undefined,
  };
}

function keyText(key: unknown): string {
  return String(typeof key === 'object' && key !== null && 'value' in key ? key.value : key);
}
