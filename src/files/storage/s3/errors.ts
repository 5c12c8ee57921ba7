/** What the SDK throws, as a failure that a log can show and as the `FileError` that a client may see. */

import { FileError, type FileErrorCode } from '../../error.ts';

/** Answer of the service, or the loss of it. Reaches the log only, as `cause`: its text may name buckets and keys. */
export class S3Failure extends Error {
  override readonly name = 'S3Failure';
  /** S3's error code, an errno of the network, or one of `LOCAL_CODES`. */
  readonly code: string;
  readonly operation: string;
  readonly httpStatus: number | undefined;
  readonly requestId: string | undefined;

  constructor(operation: string, code: string, details: S3FailureDetails = {}) {
    const { httpStatus, requestId, text, cause } = details;
    const facts = [
      ...(httpStatus === undefined ? [] : [`HTTP ${httpStatus}`]),
      ...(requestId === undefined ? [] : [`request ${requestId}`]),
      ...(text === undefined || text === code ? [] : [text]),
    ];
    super(`S3 ${operation}: ${[code, ...facts].join(', ')}`, cause === undefined ? undefined : { cause });
    this.operation = operation;
    this.code = code;
    this.httpStatus = httpStatus;
    this.requestId = requestId;
  }
}

export interface S3FailureDetails {
  readonly httpStatus?: number | undefined;
  readonly requestId?: string | undefined;
  readonly text?: string | undefined;
  readonly cause?: unknown;
}

/** Codes of ours, for what no answer of the service says. */
export const LOCAL_CODES = {
  /** Nothing moved for the time a request may go without progress. */
  stalled: 'RequestStalled',
  /** The call as a whole took too long. */
  deadline: 'DeadlineExceeded',
  /** The service said yes and left out what it has to say. */
  malformed: 'MalformedAnswer',
} as const;

const PRECONDITION_FAILED = 412;
const TOO_MANY_REQUESTS = 429;
const SERVER_ERROR = 500;
const NOT_IMPLEMENTED = 501;

const FILE_ERROR_OF_CODE: Readonly<Record<string, FileErrorCode>> = {
  NoSuchKey: 'NOT_FOUND',
  // HEAD has no body, so the SDK names the status.
  NotFound: 'NOT_FOUND',
  KeyTooLongError: 'NAME_TOO_LONG',
  EntityTooLarge: 'NO_SPACE',
  QuotaExceeded: 'NO_SPACE',
  InsufficientStorage: 'NO_SPACE',
  XMinioStorageFull: 'NO_SPACE',
  NotImplemented: 'NOT_SUPPORTED',
  // versitygw keeps objects as files: one of them cannot be a directory too.
  ObjectParentIsFile: 'NOT_A_DIRECTORY',
  ExistingObjectIsDirectory: 'IS_A_DIRECTORY',
  // So did MinIO until it changed its format.
  XMinioParentIsObject: 'NOT_A_DIRECTORY',
  XMinioObjectExistsAsDirectory: 'IS_A_DIRECTORY',
  XMinioInvalidObjectName: 'INVALID_PATH',
  XMinioInvalidResourceName: 'INVALID_PATH',
};

/** Answers of 4xx that come from load, from the line, or from the moment, and not from the request. */
const PASSING_CODES: ReadonlySet<string> = new Set([
  'BadDigest',
  'ConditionalRequestConflict',
  'IncompleteBody',
  'OperationAborted',
  'RequestTimeout',
  'RequestTimeTooSkewed',
  'SlowDown',
  'Throttling',
  'ThrottlingException',
  'TooManyRequests',
  LOCAL_CODES.malformed,
  LOCAL_CODES.stalled,
]);

/** Of these the service wants to be asked less. */
const THROTTLING_CODES: ReadonlySet<string> = new Set([
  'ServiceUnavailable',
  'SlowDown',
  'Throttling',
  'ThrottlingException',
  'TooManyRequests',
]);

/** Errnos of a line that broke or was never there. */
const NETWORK_CODES: ReadonlySet<string> = new Set([
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ETIMEDOUT',
]);

/** Whatever the SDK threw. */
export function toFailure(operation: string, error: unknown): S3Failure {
  if (error instanceof S3Failure) return error;
  if (!(error instanceof Error)) return new S3Failure(operation, 'Unknown', { text: String(error) });
  const { httpStatusCode: httpStatus, requestId } = answerOf(error);
  // A network error bears its errno in `code`; an answer of the service is named by S3's code.
  const errno = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const code = httpStatus === undefined ? (errno ?? error.name) : error.name;
  return new S3Failure(operation, code, { httpStatus, requestId, text: error.message, cause: error.cause });
}

/** Whether the same request may well succeed in a moment. */
export function isPassing({ code, httpStatus }: S3Failure): boolean {
  if (PASSING_CODES.has(code)) return true;
  if (httpStatus === undefined) return NETWORK_CODES.has(code);
  // 200: an answer that broke off in its body, and could not be read.
  if (httpStatus < 300) return true;
  return httpStatus === TOO_MANY_REQUESTS || (httpStatus >= SERVER_ERROR && httpStatus !== NOT_IMPLEMENTED);
}

/** Whether the service never had a chance to act: no line to it was made. */
export function isUnreachable({ code }: S3Failure): boolean {
  return NETWORK_CODES.has(code) || code === LOCAL_CODES.stalled || code === LOCAL_CODES.deadline;
}

export function isThrottling({ code, httpStatus }: S3Failure): boolean {
  return THROTTLING_CODES.has(code) || httpStatus === TOO_MANY_REQUESTS || httpStatus === 503;
}

/** @param wasConditional `If-None-Match: *` was asked for, so that 412 means there is an object. */
export function failureToFileError(failure: S3Failure, wasConditional = false): FileError {
  return new FileError(fileErrorCode(failure, wasConditional), clientMessage(failure), { cause: failure });
}

function fileErrorCode({ code, httpStatus }: S3Failure, wasConditional: boolean): FileErrorCode {
  const known = FILE_ERROR_OF_CODE[code];
  if (known !== undefined) return known;
  if (httpStatus === PRECONDITION_FAILED && wasConditional) return 'ALREADY_EXISTS';
  if (httpStatus === 401 || httpStatus === 403) return 'PERMISSION_DENIED';
  if (httpStatus === NOT_IMPLEMENTED) return 'NOT_SUPPORTED';
  return 'IO_ERROR';
}

/** Only what a user can act on, and nothing of the backend. */
function clientMessage({ code, httpStatus }: S3Failure): string | undefined {
  if (code === 'InvalidObjectState') return 'the object is archived and has to be restored first';
  return httpStatus === PRECONDITION_FAILED ? 'the file was changed by somebody else meanwhile' : undefined;
}

/** The SDK's `$metadata`, which network errors lack. */
function answerOf(error: Error): {
  readonly httpStatusCode?: number | undefined;
  readonly requestId?: string | undefined;
} {
  const metadata = '$metadata' in error ? error.$metadata : undefined;
  if (typeof metadata !== 'object' || metadata === null) return {};
  const status = 'httpStatusCode' in metadata ? metadata.httpStatusCode : undefined;
  const id = 'requestId' in metadata ? metadata.requestId : undefined;
  return {
    httpStatusCode: typeof status === 'number' ? status : undefined,
    requestId: typeof id === 'string' ? id : undefined,
  };
}
