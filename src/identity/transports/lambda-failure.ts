/** What it means when AWS Lambda does not answer with an answer, and what its operator can do about it. */

import { z } from 'zod';
import { IdentityError, type IdentityErrorCode } from '../provider.ts';
import type { Scrubber } from '../scrubber.ts';
import { MAX_ERROR_CHARACTERS } from './instance.ts';
import { connectionFailure } from './remote-calls.ts';

/** What Lambda answers in place of a function that failed. */
const failure = z.looseObject({
  errorType: z.string().optional(),
  errorMessage: z.string().optional(),
});

/** Error types of the runtime and of the service; any other is a function's own. */
const RUNTIME_FAILURES: Readonly<Record<string, IdentityErrorCode>> = {
  'Sandbox.Timedout': 'FUNCTION_TIMED_OUT',
  'Runtime.ExitError': 'FUNCTION_CRASHED',
  'Runtime.OutOfMemory': 'FUNCTION_CRASHED',
  'Runtime.ImportModuleError': 'FUNCTION_BAD_MODULE',
  'Runtime.UserCodeSyntaxError': 'FUNCTION_BAD_MODULE',
  'Runtime.HandlerNotFound': 'FUNCTION_BAD_MODULE',
  'Runtime.MalformedHandlerName': 'FUNCTION_BAD_MODULE',
  'Function.ResponseSizeTooLarge': 'ANSWER_TOO_LARGE',
  'Runtime.MarshalError': 'ANSWER_NOT_JSON',
};
/** Text of a time-out before error types had a name for it. */
const TIMED_OUT = /Task timed out after [\d.]+ seconds/;

interface Remedy {
  readonly code: IdentityErrorCode;
  readonly text: string;
}

const OVERLOADED: Remedy = {
  code: 'FUNCTION_OVERLOADED',
  text: "Lambda takes no more calls for now: raise the function's reserved concurrency or the account's quota",
};
const BAD_CREDENTIALS: Remedy = {
  code: 'FUNCTION_UNREACHABLE',
  text: "the server's AWS credentials are not valid, or no longer: renew them, and compare the clock with the right time",
};
const NOT_READY: Remedy = {
  code: 'FUNCTION_UNREACHABLE',
  text: 'the function is being created, updated or restored: wait, or look at its state in the Lambda console',
};

/** By the name of the SDK's error. */
const REMEDIES: Readonly<Record<string, Remedy>> = {
  TooManyRequestsException: OVERLOADED,
  ThrottlingException: OVERLOADED,
  Throttling: OVERLOADED,
  EC2ThrottledException: OVERLOADED,
  AccessDeniedException: {
    code: 'FUNCTION_UNREACHABLE',
    text: "the server's AWS credentials may not invoke the function: allow them lambda:InvokeFunction on its ARN",
  },
  ResourceNotFoundException: {
    code: 'FUNCTION_UNREACHABLE',
    text: 'there is no such function, version or alias: compare account, region and name of the ARN',
  },
  KMSAccessDeniedException: {
    code: 'FUNCTION_UNREACHABLE',
    text: 'Lambda cannot decrypt the environment of the function: allow its role kms:Decrypt on the key',
  },
  UnrecognizedClientException: BAD_CREDENTIALS,
  InvalidSignatureException: BAD_CREDENTIALS,
  IncompleteSignatureException: BAD_CREDENTIALS,
  ExpiredTokenException: BAD_CREDENTIALS,
  CredentialsProviderError: {
    code: 'FUNCTION_UNREACHABLE',
    text: 'the server has no AWS credentials: set `credentials`, or the environment, profile or role of the server',
  },
  ResourceNotReadyException: NOT_READY,
  ResourceConflictException: NOT_READY,
};

/** The error of a function that was invoked and failed. `payload` is what Lambda sent with it. */
export function functionError(payload: string, scrubber: Scrubber): IdentityError {
  const { errorType = '', errorMessage = '' } = failure.safeParse(parsed(payload)).data ?? {};
  const text =
    [errorType, errorMessage].filter((part) => part !== '').join(': ') || 'an error without a text';
  const code =
    RUNTIME_FAILURES[errorType] ?? (TIMED_OUT.test(errorMessage) ? 'FUNCTION_TIMED_OUT' : 'FUNCTION_THREW');
  return new IdentityError(code, scrubber.excerpt(text, MAX_ERROR_CHARACTERS));
}

/** The error of a function that could not be invoked. Of the SDK's error only the name is kept: its rest holds the request. */
export function invocationError(error: unknown): IdentityError {
  const name = error instanceof Error ? error.name : 'an unknown error';
  const remedy = REMEDIES[name];
  if (remedy !== undefined) return new IdentityError(remedy.code, `${remedy.text} (${name})`);
  const cause = isServiceError(error) ? name : connectionFailure(error);
  return new IdentityError('FUNCTION_UNREACHABLE', `Lambda does not take the call (${cause})`);
}

/** Errors of a service carry what is known of its answer. */
function isServiceError(error: unknown): boolean {
  return error instanceof Error && '$fault' in error;
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
