/** The Condition element: every key of every operator has to hold. */

import { readTruth } from './condition-values.ts';
import { readList, readMembers, typeName } from './document.ts';
import { PolicyError } from './error.ts';
import type { RequestContext } from './model.ts';
import { OPERATORS, type Operator } from './operators.ts';
import { parseTemplate, type TemplateRules } from './template.ts';
import type { TextTest } from './text-test.ts';

export type ContextTest = (context: RequestContext) => boolean;

const NULL_OPERATOR = 'Null';
const OPERATOR_NAME = /^(?:(ForAllValues|ForAnyValue):)?([A-Za-z]+?)(IfExists)?$/;
/** `service:key`. The part after the colon is free, since tag keys hold almost anything. */
const CONDITION_KEY = /^[A-Za-z0-9][A-Za-z0-9._/-]*:\S(.*\S)?$/s;

type Quantifier = 'ForAllValues' | 'ForAnyValue' | undefined;

interface OperatorUse {
  readonly operator: Operator;
  readonly quantifier: Quantifier;
  readonly ifExists: boolean;
}

/**
 * @param isDenial what an undecidable condition does: in a denial it holds, elsewhere not
 * @throws PolicyError for everything that is not understood
 */
export function compileCondition(
  value: unknown,
  options: { readonly rules: TemplateRules; readonly isDenial: boolean; readonly place: string },
): ContextTest {
  const tests = readMembers(value, options.place).flatMap(([name, keys]) => {
    const place = `${options.place}.${name}`;
    const compileKey = keyCompiler(name, { ...options, place });
    return readMembers(keys, place).map(([key, values]) =>
      compileKey(readKey(key, place), values, `${place}.${key}`),
    );
  });
  return (context) => tests.every((test) => test(context));
}

type KeyCompiler = (lowerCaseKey: string, values: unknown, place: string) => ContextTest;

function keyCompiler(
  name: string,
  options: { readonly rules: TemplateRules; readonly isDenial: boolean; readonly place: string },
): KeyCompiler {
  if (name === NULL_OPERATOR) return compileNull;
  const use = readOperatorName(name, options.place);
  return (key, values, place) => {
    const tests = readList(values, place, (item, itemPlace) =>
      compileValue(item, { operator: use.operator, rules: options.rules, place: itemPlace }),
    );
    return keyTest(key, tests, { ...use, isDenial: options.isDenial });
  };
}

function compileNull(key: string, values: unknown, place: string): ContextTest {
  const accepted = readList(values, place, (item, itemPlace) => {
    const truth = readTruth(readScalar(item, itemPlace));
    if (truth !== undefined) return truth;
    throw new PolicyError(
      'INVALID_CONDITION_VALUE',
      `${itemPlace}: Null needs "true" (the key is absent) or "false"`,
    );
  });
  const [whenAbsent, whenPresent] = [accepted.includes('true'), accepted.includes('false')];
  return (context) => ((context.get(key)?.length ?? 0) === 0 ? whenAbsent : whenPresent);
}

function compileValue(
  item: unknown,
  options: { readonly operator: Operator; readonly rules: TemplateRules; readonly place: string },
): TextTest {
  const { operator, place } = options;
  const template = parseTemplate(readScalar(item, place), options.rules, place);
  const test = operator.compile(template);
  if (test !== undefined) return test;
  throw new PolicyError(
    'INVALID_CONDITION_VALUE',
    `${place}: ${JSON.stringify(item)} cannot be compared; write ${operator.expects}`,
  );
}

/**
 * AWS: several values of a policy are alternatives, for negated operators none may match. A key that the request does not
 * have satisfies negated operators, IfExists and ForAllValues, and never ForAnyValue.
 */
function keyTest(
  key: string,
  tests: readonly TextTest[],
  use: OperatorUse & { readonly isDenial: boolean },
): ContextTest {
  const { isNegated } = use.operator;
  const holds = (text: string, context: RequestContext): boolean =>
    tests.some((test) => test(text, context)) !== isNegated;
  switch (use.quantifier) {
    case 'ForAllValues':
      return (context) => (context.get(key) ?? []).every((text) => holds(text, context));
    case 'ForAnyValue':
      return (context) => (context.get(key) ?? []).some((text) => holds(text, context));
    case undefined: {
      const whenAbsent = use.ifExists || isNegated;
      // Without a quantifier AWS does not say what several values mean, so they decide for refusal.
      const whenSeveral = use.isDenial;
      return (context) => {
        const values = context.get(key);
        const text = values?.[0];
        if (values === undefined || text === undefined) return whenAbsent;
        return values.length > 1 ? whenSeveral : holds(text, context);
      };
    }
  }
}

function readOperatorName(name: string, place: string): OperatorUse {
  const [, prefix, base = '', suffix] = OPERATOR_NAME.exec(name) ?? [];
  const operator = OPERATORS.get(base);
  if (operator === undefined) {
    throw new PolicyError(
      'UNKNOWN_OPERATOR',
      `${place}: there is no such condition operator${suggestion(base)}`,
    );
  }
  const quantifier = prefix === 'ForAllValues' || prefix === 'ForAnyValue' ? prefix : undefined;
  return { operator, quantifier, ifExists: suffix !== undefined };
}

function suggestion(base: string): string {
  if (base === NULL_OPERATOR) return '; Null has neither a prefix nor IfExists';
  const meant = [...OPERATORS.keys()].find((known) => known.toLowerCase() === base.toLowerCase());
  return meant === undefined
    ? `, only ${[...OPERATORS.keys(), NULL_OPERATOR].join(', ')}`
    : `; write ${meant}`;
}

function readKey(key: string, place: string): string {
  if (CONDITION_KEY.test(key) && !key.includes('${')) return key.toLowerCase();
  throw new PolicyError(
    'INVALID_CONDITION_KEY',
    `${place}: ${JSON.stringify(key)} is not a condition key; it is written service:key and holds no variable`,
  );
}

/** Values may be written as JSON strings, numbers and truth values. */
function readScalar(value: unknown, place: string): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return String(value);
  if (typeof value !== 'number') {
    throw new PolicyError(
      'WRONG_TYPE',
      `${place}: a string, number or truth value is needed, not ${typeName(value)}`,
    );
  }
  // A larger whole number was rounded before it came here.
  if (Number.isFinite(value) && Math.abs(value) <= Number.MAX_SAFE_INTEGER) return String(value);
  throw new PolicyError(
    'INVALID_CONDITION_VALUE',
    `${place}: the number is too large for JSON; write it as a string`,
  );
}
