/** What is known of one local function: where its module is, what it may use, how its process is started. */

import type { FunctionArn } from '../function-arn.ts';

/** As in the Lambda console's default. */
export const DEFAULT_TIMEOUT_MS = 10_000;
/** Twice Lambda's smallest, because Node itself and the TypeScript loader live in it too. */
export const DEFAULT_MEMORY_MEGABYTES = 256;
export const DEFAULT_MAX_INSTANCES = 8;

/** A line that a function printed. */
export interface FunctionLine {
  readonly functionArn: string;
  readonly stream: 'stdout' | 'stderr';
  /** At most 4,096 characters, without the password of the request. */
  readonly line: string;
}

export interface LocalFunctionSettings {
  readonly functionArn: FunctionArn;
  /** Absolute path of the module. */
  readonly modulePath: string;
  /** The function's own environment variables. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Longest time for one answer. Default 10 s. */
  readonly timeoutMs?: number;
  /** Limit of the JavaScript heap. Default 256 MiB. */
  readonly memoryMegabytes?: number;
  /** Most processes of this function. Default 8. */
  readonly maxInstances?: number;
  /** Receives what the function prints. */
  readonly onLine: (line: FunctionLine) => void;
}

/** What of a function its process's environment is made from. */
export interface FunctionEnvironment {
  readonly functionArn: FunctionArn;
  /** Folder of the function's code. */
  readonly taskRoot: string;
  readonly memoryMegabytes?: number | undefined;
  readonly environment?: Readonly<Record<string, string>> | undefined;
}

/**
 * The whole environment of a function's process. Nothing of the server's own is in it but `PATH`: database passwords and
 * cloud credentials of the server are no business of a function. `HOME` points away from the server's home for the same
 * reason (AWS SDKs read credentials from there). Configured variables win.
 */
export function functionEnvironment(
  { functionArn, taskRoot, memoryMegabytes, environment }: FunctionEnvironment,
  path: string | undefined,
): NodeJS.ProcessEnv {
  const { name, region, version } = functionArn;
  return {
    ...(path === undefined ? {} : { PATH: path }),
    HOME: taskRoot,
    TZ: 'UTC',
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_LAMBDA_FUNCTION_VERSION: version,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMegabytes ?? DEFAULT_MEMORY_MEGABYTES),
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    LAMBDA_TASK_ROOT: taskRoot,
    ...environment,
  };
}
