/** Writes a session policy for AWS itself, with the variables of Transfer Family replaced. */

import { compilePolicy, templateRules } from './compile.ts';
import { readDocument } from './document.ts';
import { PolicyError } from './error.ts';
import { parseTemplate, type TemplatePiece, type TemplateRules } from './template.ts';
import { TransferValues, type TransferVariables } from './transfer-variables.ts';

/** What AWS would read as a wildcard or as the beginning of a variable. */
const SPECIAL = /[*?$]/g;
const LAST_DOLLAR = /\$$/;
const WILDCARD = /[*?]/;

/**
 * JSON text for AssumeRole in which every `${transfer:…}` is its value, escaped so that it stays literal there.
 *
 * @throws PolicyError as `compilePolicy`, and VALUE_NOT_EXPRESSIBLE for wildcards in a value under version 2008-10-17,
 * which has no escapes
 */
export function expandPolicyText(text: string, variables: TransferVariables): string {
  // What we enforce and what AWS enforces have to be the same policy, so nothing leaves that we do not understand.
  compilePolicy(text, { variables });
  const document = readDocument(text);
  const rules = templateRules(document, new TransferValues(variables));
  return JSON.stringify({ ...document, Statement: expanded(document.Statement, rules, 'Statement') });
}

function expanded(value: unknown, rules: TemplateRules, place: string): unknown {
  if (typeof value === 'string') return expandedText(value, rules, place);
  if (Array.isArray(value)) return value.map((item, index) => expanded(item, rules, `${place}[${index}]`));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, expanded(member, rules, `${place}.${name}`)]),
  );
}

function expandedText(text: string, rules: TemplateRules, place: string): string {
  return parseTemplate(text, rules, place)
    .map((piece) => written(piece, rules, place))
    .join('');
}

function written(piece: TemplatePiece, rules: TemplateRules, place: string): string {
  switch (piece.kind) {
    case 'text':
      // A value that begins with { would make a variable of the $ before it.
      return rules.hasPolicyVariables ? piece.text.replace(LAST_DOLLAR, '$${$$}') : piece.text;
    case 'value':
      return escaped(piece.text, rules, place);
    case 'variable':
      return piece.source;
    case 'any-text':
      return '*';
    case 'any-character':
      return '?';
  }
}

function escaped(value: string, rules: TemplateRules, place: string): string {
  if (rules.hasPolicyVariables) return value.replace(SPECIAL, (character) => `\${${character}}`);
  if (!WILDCARD.test(value)) return value;
  throw new PolicyError(
    'VALUE_NOT_EXPRESSIBLE',
    `${place}: a value holds * or ?, which version 2008-10-17 cannot write literally; write "Version": "2012-10-17"`,
  );
}
