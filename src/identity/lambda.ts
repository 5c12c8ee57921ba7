/** The entry of a Lambda deployment: set the function's handler to `identity/lambda.handler`. */

import { type LambdaContext, LambdaHandler } from './lambda-handler.ts';

const lambda = new LambdaHandler({
  environment: process.env,
  log: (line) => void process.stdout.write(`${line}\n`),
});

export const handler = (event: unknown, context: LambdaContext): Promise<object> =>
  lambda.handle(event, context);
