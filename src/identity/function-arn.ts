/** The ARN that addresses an identity-provider function, taken apart. */

/** Longest function ARN (the API's `Function`). */
const MAX_ARN_CHARACTERS = 170;

const FUNCTION_ARN =
  /^arn:[a-z-]+:lambda:(?<region>[a-z0-9-]+):(?<account>\d{12}):function:(?<name>[A-Za-z0-9_-]{1,64})(?::(?<version>\$LATEST|[A-Za-z0-9_-]{1,128}))?$/;

export interface FunctionArn {
  readonly arn: string;
  readonly region: string;
  readonly name: string;
  /** Version or alias; `$LATEST` when the ARN names none. */
  readonly version: string;
}

/** `undefined` when the text is not the ARN of a Lambda function. */
export function parseFunctionArn(text: string): FunctionArn | undefined {
  const groups = text.length <= MAX_ARN_CHARACTERS ? FUNCTION_ARN.exec(text)?.groups : undefined;
  const { region, name, version = '$LATEST' } = groups ?? {};
  return region === undefined || name === undefined ? undefined : { arn: text, region, name, version };
}
