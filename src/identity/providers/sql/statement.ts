/** Statements with named parameters, `:userName`, in the form that a driver takes. */

import { IdentityFault } from '../../decision.ts';

/** What is skipped (texts, names, comments, casts), and parameters. */
const TOKEN = /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\/|::|:([A-Za-z_]\w*)/g;

export type Parameters = Readonly<Record<string, string>>;

export interface Statement {
  /** With `$1` or `?1` in the place of names. */
  readonly text: string;
  /** Names of the parameters, in their order. */
  readonly names: readonly string[];
}

/** @throws IdentityFault CONFIGURATION_INVALID where a parameter is none of the allowed ones */
export function parseStatement(text: string, sign: '$' | '?', allowed: readonly string[]): Statement {
  const names: string[] = [];
  const parsed = text.replaceAll(TOKEN, (token: string, name: string | undefined) => {
    if (name === undefined) return token;
    if (!allowed.includes(name))
      throw new IdentityFault('CONFIGURATION_INVALID', `The query has the parameter :${name}.`);
    if (!names.includes(name)) names.push(name);
    return `${sign}${names.indexOf(name) + 1}`;
  });
  return { text: parsed, names };
}

/** The values for a statement. */
export function valuesOf({ names }: Statement, parameters: Parameters): string[] {
  return names.map((name) => parameters[name] ?? '');
}
