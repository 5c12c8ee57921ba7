/** Resource and NotResource: ARNs, compared with case. */

import { arnTest, hasVariableInHead, parseArnPattern } from './arn.ts';
import { type ChosenElement, readList, readString } from './document.ts';
import { PolicyError } from './error.ts';
import { parseTemplate, type TemplateRules } from './template.ts';
import type { TextTest } from './text-test.ts';

const ALL_RESOURCES = '*';
/** Partition, service and resource; region and account are empty for S3. */
const NEEDED_PARTS = [1, 2, 5];

interface ResourceOptions {
  readonly rules: TemplateRules;
  readonly isDenial: boolean;
}

/** @throws PolicyError INVALID_RESOURCE, WRONG_TYPE and those of variables */
export function compileResources(
  { value, isNegated, place }: ChosenElement,
  options: ResourceOptions,
): TextTest {
  // A variable without a value is like nothing, so NotResource would allow everything. What is not known to be outside
  // counts as excluded where that refuses: in an Allow.
  const whenUnresolved = isNegated && !options.isDenial;
  const tests = readList(value, place, (item, itemPlace) =>
    compileResource(readString(item, itemPlace), { rules: options.rules, whenUnresolved, place: itemPlace }),
  );
  const [only, ...others] = tests;
  if (!isNegated && others.length === 0) return only;
  return (resource, context) => tests.some((test) => test(resource, context)) !== isNegated;
}

function compileResource(
  text: string,
  options: { readonly rules: TemplateRules; readonly whenUnresolved: boolean; readonly place: string },
): TextTest {
  if (text === ALL_RESOURCES) return () => true;
  const { place } = options;
  const pattern = parseArnPattern(parseTemplate(text, options.rules, place));
  if (pattern === undefined || NEEDED_PARTS.some((index) => pattern[index]?.length === 0)) {
    throw new PolicyError(
      'INVALID_RESOURCE',
      `${place}: ${JSON.stringify(text)} is not * or an ARN of six parts, such as arn:aws:s3:::bucket/folder/*`,
    );
  }
  if (hasVariableInHead(pattern)) {
    throw new PolicyError(
      'INVALID_RESOURCE',
      `${place}: ${JSON.stringify(text)} has a variable before its fifth colon; variables may stand only after it`,
    );
  }
  return arnTest(pattern, options.whenUnresolved);
}
