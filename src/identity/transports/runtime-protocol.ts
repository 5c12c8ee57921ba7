/** The words of the Lambda Runtime API, version 2018-06-01, that a runtime and its host exchange over HTTP. */

import type { FunctionArn } from '../function-arn.ts';
import { type FunctionEnvironment, functionEnvironment } from './function-settings.ts';

const PREFIX = '/2018-06-01/runtime';
const INVOCATION =
  /^\/2018-06-01\/runtime\/invocation\/(?<requestId>[0-9a-f-]{36})\/(?<outcome>response|error)$/;

/** What a runtime wants of its host. */
export type RuntimeCall =
  | { readonly kind: 'next' }
  | { readonly kind: 'init-error' }
  | { readonly kind: 'response' | 'error'; readonly requestId: string };

/** Undefined for what is not of the API. */
export function readRuntimeCall(
  method: string | undefined,
  url: string | undefined,
): RuntimeCall | undefined {
  const path = url?.split('?', 1)[0] ?? '';
  if (method === 'GET') return path === `${PREFIX}/invocation/next` ? { kind: 'next' } : undefined;
  if (method !== 'POST') return undefined;
  if (path === `${PREFIX}/init/error`) return { kind: 'init-error' };
  const { requestId, outcome } = INVOCATION.exec(path)?.groups ?? {};
  if (requestId === undefined) return undefined;
  return { kind: outcome === 'response' ? 'response' : 'error', requestId };
}

export interface NextInvocation {
  readonly requestId: string;
  /** Milliseconds since 1970. */
  readonly deadlineMs: number;
  readonly functionArn: string;
}

/** Headers of the answer to `next`. */
export function invocationHeaders(next: NextInvocation): Readonly<Record<string, string>> {
  const { requestId, deadlineMs, functionArn } = next;
  return {
    'Content-Type': 'application/json',
    'Lambda-Runtime-Aws-Request-Id': requestId,
    'Lambda-Runtime-Deadline-Ms': String(Math.round(deadlineMs)),
    'Lambda-Runtime-Invoked-Function-Arn': functionArn,
    'Lambda-Runtime-Trace-Id': traceId(deadlineMs),
  };
}

/** X-Ray's header for something that is not sampled: clients copy it into the environment of the function. */
function traceId(timeMs: number): string {
  const seconds = Math.round(timeMs / 1000)
    .toString(16)
    .padStart(8, '0');
  return `Root=1-${seconds}-${'0'.repeat(24)};Parent=${'0'.repeat(16)};Sampled=0`;
}

export interface RuntimeEnvironment extends FunctionEnvironment {
  readonly functionArn: FunctionArn;
  readonly command: readonly string[];
  /** Address of the Runtime API, `host:port`. */
  readonly runtimeApi: string;
  readonly instanceId: string;
}

/** What Lambda sets for a runtime, beside what every function gets. */
export function runtimeEnvironment(
  settings: RuntimeEnvironment,
  path: string | undefined,
): NodeJS.ProcessEnv {
  const { command, runtimeApi, instanceId, functionArn, environment } = settings;
  return {
    // Without it programs write ASCII, and a name with an umlaut ends them.
    LANG: 'C.UTF-8',
    ...functionEnvironment(settings, path),
    AWS_LAMBDA_RUNTIME_API: runtimeApi,
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${functionArn.name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: `local/[${functionArn.version}]${instanceId.replaceAll('-', '')}`,
    // Where the handler is an argument it is the last one; a runtime that is told by the environment reads this.
    _HANDLER: command.at(-1) ?? '',
    ...environment,
  };
}
