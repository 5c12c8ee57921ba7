/** Makes the identity providers of a configuration. */

import {
  BuiltInProcess,
  type FunctionArn,
  type FunctionLine,
  HttpMethod,
  type IdentityProvider,
  LambdaFunction,
  LocalFunction,
  parseFunctionArn,
  RuntimeApiFunction,
} from '../identity/index.ts';
import type { Configuration, ServerConfiguration } from './config/load.ts';

const MS = 1000;

type OnLine = (line: FunctionLine) => void;
type FunctionConfiguration = Configuration['functions'][string];

/** What names a server's identity provider: the ARN of a function, the id of a directory, or the server's own id with a URL. */
export function providerKey({ ServerId, IdentityProviderDetails }: ServerConfiguration): string {
  return IdentityProviderDetails.Function ?? IdentityProviderDetails.DirectoryId ?? ServerId;
}

/** The provider of a server. Nothing is started yet. @throws TypeError for what the configuration's schema would not let through */
export function providerOf(
  server: ServerConfiguration,
  configuration: Configuration,
  onLine: OnLine,
): IdentityProvider {
  const { Function: arn, DirectoryId, Url } = server.IdentityProviderDetails;
  if (arn !== undefined) return functionProvider(arn, configuration, onLine);
  if (DirectoryId !== undefined) return directoryProvider(DirectoryId, configuration, onLine);
  if (Url !== undefined) return gatewayMethod(Url, server);
  throw new TypeError(`${server.ServerId} names no identity provider`);
}

/** The provider behind a function of the configuration. Nothing is started yet. */
export function functionProvider(
  arn: string,
  configuration: Configuration,
  onLine: OnLine,
): IdentityProvider {
  const settings = configuration.functions[arn];
  const functionArn = parseFunctionArn(arn);
  if (settings === undefined || functionArn === undefined)
    throw new TypeError(`the configuration names ${arn}, which it does not hold or which is no function ARN`);
  return makeFunction(functionArn, settings, configuration, onLine);
}

function makeFunction(
  functionArn: FunctionArn,
  settings: FunctionConfiguration,
  { folder }: Configuration,
  onLine: OnLine,
): IdentityProvider {
  const timeoutMs = settings.timeoutSeconds * MS;
  if ('provider' in settings) {
    const { environment, timeoutSeconds: _, memoryMegabytes, ...configuration } = settings;
    return new BuiltInProcess({
      functionArn,
      configuration,
      folder,
      environment,
      timeoutMs,
      memoryMegabytes,
      onLine,
    });
  }
  if ('module' in settings) {
    const { module: modulePath, environment, memoryMegabytes, maxInstances } = settings;
    return new LocalFunction({
      functionArn,
      modulePath,
      environment,
      timeoutMs,
      memoryMegabytes,
      maxInstances,
      onLine,
    });
  }
  if ('command' in settings) {
    const { command, folder: taskRoot, environment, maxInstances } = settings;
    return new RuntimeApiFunction({
      functionArn,
      command,
      taskRoot,
      environment,
      timeoutMs,
      maxInstances,
      onLine,
    });
  }
  const { endpoint, credentials } = settings;
  return new LambdaFunction({
    functionArn,
    timeoutMs,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials }),
  });
}

/** A directory has no ARN; its process is named as if it were a function. */
function directoryProvider(
  id: string,
  { directories, folder }: Configuration,
  onLine: OnLine,
): IdentityProvider {
  const settings = directories[id];
  const functionArn = parseFunctionArn(`arn:aws:lambda:us-east-1:000000000000:function:${id}`);
  if (settings === undefined || functionArn === undefined)
    throw new TypeError(`the configuration names the directory ${id}, which it does not hold`);
  const { environment, timeoutSeconds, memoryMegabytes, ...configuration } = settings;
  return new BuiltInProcess({
    functionArn,
    configuration: { provider: 'directory', ...configuration },
    folder,
    environment,
    timeoutMs: timeoutSeconds * MS,
    memoryMegabytes,
    onLine,
  });
}

function gatewayMethod(url: string, { IdentityProviderDetails }: ServerConfiguration): IdentityProvider {
  const { InvocationRole, Region, ApiKey } = IdentityProviderDetails;
  return new HttpMethod({
    url,
    ...(InvocationRole === undefined ? {} : { invocationRole: InvocationRole }),
    ...(Region === undefined ? {} : { region: Region }),
    ...(ApiKey === undefined ? {} : { apiKey: ApiKey }),
  });
}
