/** Texts of a policy that may hold wildcards and variables, taken apart once. */

import { PolicyError } from './error.ts';
import type { RequestContext } from './model.ts';
import { TransferValues } from './transfer-variables.ts';
import type { WildcardPiece } from './wildcard.ts';

/** What a text of a policy is made of, from left to right. */
export type TemplatePiece =
  /** Characters of the document itself. */
  | { readonly kind: 'text'; readonly text: string }
  /** Characters that took the place of a variable: never a wildcard, and never a colon that divides an ARN. */
  | { readonly kind: 'value'; readonly text: string }
  | { readonly kind: 'variable'; readonly key: string; readonly fallback?: string; readonly source: string }
  | { readonly kind: 'any-text' }
  | { readonly kind: 'any-character' };

/** How the texts of one policy are read. */
export interface TemplateRules {
  readonly transferValues: TransferValues;
  /** False for version 2008-10-17, in which `${aws:username}` is plain text. */
  readonly hasPolicyVariables: boolean;
}

/** `${*}`, `${?}` and `${$}` write the characters that mean something otherwise. */
const ESCAPES: ReadonlySet<string> = new Set(['*', '?', '$']);
/** A condition key, and a default in single quotes. Tag keys may hold spaces, commas and quotes only outside variables. */
const VARIABLE = /^\s*([^\s:,'${}]+:[^,'${}]*[^\s,'${}])\s*(?:,\s*'([^']*)'\s*)?$/;

/** @throws PolicyError INVALID_VARIABLE, UNKNOWN_VARIABLE and VARIABLE_UNAVAILABLE */
export function parseTemplate(source: string, rules: TemplateRules, place: string): readonly TemplatePiece[] {
  const pieces: TemplatePiece[] = [];
  let plainStart = 0;
  let at = 0;
  const endPlain = (): void => {
    if (at > plainStart) pieces.push({ kind: 'text', text: source.slice(plainStart, at) });
  };
  while (at < source.length) {
    const { piece, length } = pieceAt(source, at, rules, place);
    if (piece === undefined) {
      at += length;
      continue;
    }
    endPlain();
    pieces.push(piece);
    at += length;
    plainStart = at;
  }
  endPlain();
  return pieces;
}

/** The text, when it is the same for every request; `*` and `?` are themselves. */
export function constantText(pieces: readonly TemplatePiece[]): string | undefined {
  let text = '';
  for (const piece of pieces) {
    if (piece.kind === 'variable') return undefined;
    text += plainText(piece);
  }
  return text;
}

/** The text for one request; undefined when a variable has no value. `*` and `?` are themselves. */
export function resolvedText(pieces: readonly TemplatePiece[], context: RequestContext): string | undefined {
  let text = '';
  for (const piece of pieces) {
    const part = piece.kind === 'variable' ? variableValue(piece, context) : plainText(piece);
    if (part === undefined) return undefined;
    text += part;
  }
  return text;
}

/** The pattern for one request; undefined when a variable has no value. Values hold no wildcards. */
export function resolvedPattern(
  pieces: readonly TemplatePiece[],
  context: RequestContext,
): readonly WildcardPiece[] | undefined {
  const pattern: WildcardPiece[] = [];
  for (const piece of pieces) {
    const part = piece.kind === 'variable' ? variableValue(piece, context) : constantPiece(piece);
    if (part === undefined) return undefined;
    pattern.push(part);
  }
  return pattern;
}

/** The pattern, when it is the same for every request. */
export function constantPattern(pieces: readonly TemplatePiece[]): readonly WildcardPiece[] | undefined {
  const pattern: WildcardPiece[] = [];
  for (const piece of pieces) {
    if (piece.kind === 'variable') return undefined;
    pattern.push(constantPiece(piece));
  }
  return pattern;
}

type ConstantPiece = Exclude<TemplatePiece, { kind: 'variable' }>;

function constantPiece(piece: ConstantPiece): WildcardPiece {
  return piece.kind === 'text' || piece.kind === 'value' ? piece.text : piece;
}

function plainText(piece: ConstantPiece): string {
  if (piece.kind === 'any-text') return '*';
  if (piece.kind === 'any-character') return '?';
  return piece.text;
}

/** A key with several values cannot stand for one text, so it counts as missing. */
function variableValue(
  piece: Extract<TemplatePiece, { kind: 'variable' }>,
  context: RequestContext,
): string | undefined {
  const values = context.get(piece.key);
  if (values === undefined || values.length === 0) return piece.fallback;
  return values.length === 1 ? values[0] : undefined;
}

interface Found {
  /** Undefined for characters that are plain text. */
  readonly piece?: TemplatePiece;
  readonly length: number;
}

const ANY_TEXT: Found = { piece: { kind: 'any-text' }, length: 1 };
const ANY_CHARACTER: Found = { piece: { kind: 'any-character' }, length: 1 };
const PLAIN: Found = { length: 1 };

function pieceAt(source: string, at: number, rules: TemplateRules, place: string): Found {
  const character = source[at];
  if (character === '*') return ANY_TEXT;
  if (character === '?') return ANY_CHARACTER;
  if (character !== '$' || source[at + 1] !== '{') return PLAIN;
  const content = source.slice(at + 2);
  if (!rules.hasPolicyVariables && !TransferValues.isTransferName(content.trimStart())) return PLAIN;
  const end = closingBrace(source, at + 2);
  if (end === -1) {
    throw new PolicyError(
      'INVALID_VARIABLE',
      `${place}: \${ at character ${at} is not closed by }; write \${$}{ for the characters themselves`,
    );
  }
  const piece = bracedPiece(source.slice(at + 2, end), rules, place);
  return { piece, length: end + 1 - at };
}

/** A default is quoted and may hold a brace. */
function closingBrace(source: string, from: number): number {
  let isQuoted = false;
  for (let at = from; at < source.length; at++) {
    if (source[at] === "'") isQuoted = !isQuoted;
    else if (source[at] === '}' && !isQuoted) return at;
  }
  return -1;
}

function bracedPiece(content: string, rules: TemplateRules, place: string): TemplatePiece {
  if (ESCAPES.has(content)) return { kind: 'value', text: content };
  const [, name, fallback] = VARIABLE.exec(content) ?? [];
  if (name === undefined) {
    throw new PolicyError(
      'INVALID_VARIABLE',
      `${place}: \${${content}} is not a variable; it is written \${service:key} or \${service:key, 'default'} and is not nested`,
    );
  }
  const source = `\${${content}}`;
  if (!TransferValues.isTransferName(name)) {
    return {
      kind: 'variable',
      key: name.toLowerCase(),
      source,
      ...(fallback === undefined ? {} : { fallback }),
    };
  }
  if (fallback !== undefined) {
    throw new PolicyError('INVALID_VARIABLE', `${place}: ${source} cannot have a default; take it out`);
  }
  return { kind: 'value', text: rules.transferValues.valueOf(name, place) };
}
