/** Environment variables in configuration values: `${NAME}`, `${NAME:-default}`, and `$${` for a plain `${`. */

import type { Path } from './problem.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Substitution {
  readonly value: unknown;
  /** Values that are one variable reference and nothing else: where a number is expected, their text is read as one. */
  readonly wholePaths: readonly Path[];
  readonly problems: readonly { readonly path: Path; readonly message: string }[];
}

const REFERENCE =
  /\$\$\{|\$\{(?<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?<fallback>[^}]*))?\}|\$\{(?<other>[^}]*\}?)/g;
const WHOLE_REFERENCE = /^\$\{[A-Za-z_][A-Za-z0-9_]*(?::-[^}]*)?\}$/;
/** IAM policy variables hold a colon (`${transfer:UserName}`) or are one escaped character (`${*}`). */
const POLICY_VARIABLE = /^(?:[A-Za-z]+:[^}]+|[*?$])\}$/;

/**
 * Replaces references in every string value; keys stay. Works on parsed values and not on the file's text, so a variable
 * cannot bring keys or structure of its own.
 */
export function substituteVariables(value: unknown, environment: Environment): Substitution {
  const wholePaths: Path[] = [];
  const problems: { path: Path; message: string }[] = [];

  function visit(node: unknown, path: Path): unknown {
    if (typeof node === 'string') return visitText(node, path);
    if (Array.isArray(node)) return node.map((item: unknown, index) => visit(item, [...path, index]));
    if (typeof node !== 'object' || node === null) return node;
    return Object.fromEntries(Object.entries(node).map(([key, item]) => [key, visit(item, [...path, key])]));
  }

  function visitText(text: string, path: Path): string {
    if (WHOLE_REFERENCE.test(text)) wholePaths.push(path);
    return text.replaceAll(REFERENCE, (match: string, ...rest: unknown[]) => {
      if (match === '$${') return '${';
      const { name, fallback, other } = groupsOf(rest);
      if (other !== undefined) {
        if (!POLICY_VARIABLE.test(other)) problems.push({ path, message: malformed(match) });
        return match;
      }
      const found = name === undefined ? undefined : environment[name];
      // As in a shell, `:-` stands in for a variable that is set and empty, too.
      const result = found === '' || found === undefined ? (fallback ?? found) : found;
      if (result === undefined) problems.push({ path, message: unset(name) });
      return result ?? '';
    });
  }

  return { value: visit(value, []), wholePaths, problems };
}

interface ReferenceGroups {
  readonly name?: string;
  readonly fallback?: string;
  readonly other?: string;
}

function groupsOf(replacerArguments: readonly unknown[]): ReferenceGroups {
  const groups = replacerArguments.at(-1);
  return typeof groups === 'object' && groups !== null ? groups : {};
}

function unset(name: string | undefined): string {
  return `the environment variable ${name} is not set; set it, or write \${${name}:-default}`;
}

function malformed(reference: string): string {
  return `'${reference}' is not a variable; write \${NAME} or \${NAME:-default}, or $\${ for a plain \${`;
}
