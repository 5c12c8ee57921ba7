/** Turns a policy document into a form that decides fast. */

import { type JsonObject, readDocument, readList, readString, refuseUnknown } from './document.ts';
import { PolicyError } from './error.ts';
import { type CompiledStatement, compileStatement } from './statement.ts';
import type { TemplateRules } from './template.ts';
import { TransferValues, type TransferVariables } from './transfer-variables.ts';

const ELEMENTS = ['Version', 'Id', 'Statement'];
const CURRENT_VERSION = '2012-10-17';
/** Also what a document without Version is, as in AWS. */
const OLD_VERSION = '2008-10-17';

export interface CompileOptions {
  /** The values of `${transfer:…}`; without this option such a variable is an error, as in the policy of a role. */
  readonly variables?: TransferVariables;
  /** What messages call the policy. */
  readonly name?: string;
}

/** A policy that was understood completely. Immutable, and good for any number of requests. */
export interface CompiledPolicy {
  /** In the order of the document. */
  readonly denials: readonly CompiledStatement[];
  /** In the order of the document. */
  readonly allowances: readonly CompiledStatement[];
}

/**
 * Compiles JSON text or the decoded document of an identity policy.
 *
 * @throws PolicyError for everything that is not understood
 */
export function compilePolicy(document: unknown, options: CompileOptions = {}): CompiledPolicy {
  try {
    return compileDocument(readDocument(document), new TransferValues(options.variables));
  } catch (error) {
    if (!(error instanceof PolicyError) || options.name === undefined) throw error;
    throw new PolicyError(error.code, `${options.name}: ${error.message}`);
  }
}

/** How the texts of a document are read. @throws PolicyError UNKNOWN_VERSION and WRONG_TYPE */
export function templateRules(document: JsonObject, transferValues: TransferValues): TemplateRules {
  return { transferValues, hasPolicyVariables: readVersion(document) === CURRENT_VERSION };
}

function compileDocument(document: JsonObject, transferValues: TransferValues): CompiledPolicy {
  refuseUnknown(document, ELEMENTS, '');
  const rules = templateRules(document, transferValues);
  if (Object.hasOwn(document, 'Id')) readString(document.Id, 'Id');
  if (!Object.hasOwn(document, 'Statement')) throw new PolicyError('MISSING_ELEMENT', 'Statement is missing');
  const statements = compileStatements(document.Statement, rules);
  return {
    denials: statements.filter((statement) => statement.effect === 'Deny'),
    allowances: statements.filter((statement) => statement.effect === 'Allow'),
  };
}

function compileStatements(value: unknown, rules: TemplateRules): readonly CompiledStatement[] {
  let index = 0;
  const statements = readList(value, 'Statement', (item, place) =>
    compileStatement(item, { index: index++, rules, place }),
  );
  const sids = new Set<string>();
  for (const { sid, index } of statements) {
    if (sid === undefined) continue;
    if (sids.has(sid))
      throw new PolicyError('DUPLICATE_SID', `Statement[${index}].Sid: ${sid} is used before`);
    sids.add(sid);
  }
  return statements;
}

function readVersion(document: JsonObject): string {
  if (!Object.hasOwn(document, 'Version')) return OLD_VERSION;
  const version = readString(document.Version, 'Version');
  if (version === CURRENT_VERSION || version === OLD_VERSION) return version;
  throw new PolicyError(
    'UNKNOWN_VERSION',
    `Version: ${JSON.stringify(version)} is not a version of the policy language; write "${CURRENT_VERSION}"`,
  );
}
