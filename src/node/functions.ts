/** Makes the identity providers of a configuration. */

import {
  type FunctionLine,
  type IdentityProvider,
  LocalFunction,
  parseFunctionArn,
} from '../identity/index.ts';
import type { Configuration } from './config/load.ts';

const MS = 1000;

/** The provider behind a function of the configuration. Nothing is started yet. */
export function localFunction(
  arn: string,
  { functions }: Configuration,
  onLine: (line: FunctionLine) => void,
): IdentityProvider {
  const settings = functions[arn];
  const functionArn = parseFunctionArn(arn);
  if (settings === undefined || functionArn === undefined)
    throw new TypeError(`the configuration names ${arn}, which it does not hold or which is no function ARN`);
  return new LocalFunction({
    functionArn,
    modulePath: settings.module,
    environment: settings.environment,
    timeoutMs: settings.timeoutSeconds * MS,
    memoryMegabytes: settings.memoryMegabytes,
    maxInstances: settings.maxInstances,
    onLine,
  });
}
