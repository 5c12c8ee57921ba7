/** One statement: which actions on which resources under which conditions it speaks of. */

import { compileActions } from './action.ts';
import { type ContextTest, compileCondition } from './condition.ts';
import { chooseElement, type JsonObject, readObject, readString, refuseUnknown } from './document.ts';
import { PolicyError } from './error.ts';
import type { RequestContext } from './model.ts';
import { compileResources } from './resource.ts';
import type { TemplateRules } from './template.ts';

const ELEMENTS = ['Sid', 'Effect', 'Action', 'NotAction', 'Resource', 'NotResource', 'Condition'];
const SID = /^[A-Za-z0-9]*$/;

export type Effect = 'Allow' | 'Deny';

export interface CompiledStatement {
  /** From 0, as in the document. */
  readonly index: number;
  readonly sid?: string;
  readonly effect: Effect;
  appliesTo(lowerCaseAction: string, resource: string, context: RequestContext): boolean;
}

/** @throws PolicyError for everything that is not understood */
export function compileStatement(
  value: unknown,
  options: { readonly index: number; readonly rules: TemplateRules; readonly place: string },
): CompiledStatement {
  const { index, rules, place } = options;
  const statement = readObject(value, place);
  refuseUnknown(statement, ELEMENTS, `${place}.`);
  const sid = readSid(statement, place);
  const effect = readEffect(statement, place);
  const isDenial = effect === 'Deny';
  const isAction = compileActions(chooseElement(statement, 'Action', 'NotAction', place));
  const isResource = compileResources(chooseElement(statement, 'Resource', 'NotResource', place), {
    rules,
    isDenial,
  });
  const holds = readCondition(statement, { rules, isDenial, place: `${place}.Condition` });
  return {
    index,
    ...(sid === undefined ? {} : { sid }),
    effect,
    appliesTo: (lowerCaseAction, resource, context) =>
      isAction(lowerCaseAction) && isResource(resource, context) && (holds === undefined || holds(context)),
  };
}

function readSid(statement: JsonObject, place: string): string | undefined {
  if (!Object.hasOwn(statement, 'Sid')) return undefined;
  const sid = readString(statement.Sid, `${place}.Sid`);
  if (SID.test(sid)) return sid === '' ? undefined : sid;
  throw new PolicyError(
    'INVALID_SID',
    `${place}.Sid: ${JSON.stringify(sid)} holds more than letters and digits`,
  );
}

function readEffect(statement: JsonObject, place: string): Effect {
  if (!Object.hasOwn(statement, 'Effect'))
    throw new PolicyError('MISSING_ELEMENT', `${place}: Effect is missing`);
  const effect = readString(statement.Effect, `${place}.Effect`);
  if (effect === 'Allow' || effect === 'Deny') return effect;
  throw new PolicyError(
    'INVALID_EFFECT',
    `${place}.Effect: ${JSON.stringify(effect)} is neither "Allow" nor "Deny"`,
  );
}

function readCondition(
  statement: JsonObject,
  options: { readonly rules: TemplateRules; readonly isDenial: boolean; readonly place: string },
): ContextTest | undefined {
  return Object.hasOwn(statement, 'Condition') ? compileCondition(statement.Condition, options) : undefined;
}
