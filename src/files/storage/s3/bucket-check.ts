/** What an operator has to know about a bucket at start: it works, it cannot be reached now, or what is wrong with it. */

import { ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import { type CallResult, callWithRetries } from './attempts.ts';
import { isUnreachable, type S3Failure } from './errors.ts';

/** How long one attempt may go without progress: a start does not wait for a bucket as a transfer does. */
const STALL_MS = 5_000;

export type BucketVerdict =
  | { readonly state: 'usable' }
  /** Later requests may well succeed. */
  | { readonly state: 'doubtful'; readonly advice: string; readonly failure: S3Failure }
  /** They will not before somebody mends it. */
  | { readonly state: 'wrong'; readonly advice: string; readonly failure: S3Failure };

const WRONG_KEYS: ReadonlySet<string> = new Set([
  'AuthorizationHeaderMalformed',
  'ExpiredToken',
  'InvalidAccessKeyId',
  'InvalidClientTokenId',
  'InvalidToken',
  'SignatureDoesNotMatch',
]);

/** A listing of one key: unlike HEAD its refusal says why. @throws FileError ABORTED */
export async function checkBucket(
  client: S3Client,
  bucket: string,
  signal: AbortSignal,
): Promise<BucketVerdict> {
  let regionNamed: string | undefined;
  const call = { operation: 'ListObjectsV2', signal, stallMs: STALL_MS, byteCount: 0, patienceMs: 0 };
  const result: CallResult<unknown> = await callWithRetries(call, async ({ watch }) => {
    try {
      return await client.send(new ListObjectsV2Command({ Bucket: bucket, MaxKeys: 1 }), {
        abortSignal: watch.signal,
      });
    } catch (error) {
      regionNamed = regionOf(error);
      throw error;
    }
  });
  if ('value' in result) return { state: 'usable' };
  return judgeFailure(result.failure, regionNamed);
}

/** @param regionNamed the region that the service says the bucket is in */
export function judgeFailure(failure: S3Failure, regionNamed?: string): BucketVerdict {
  const { code, httpStatus } = failure;
  if (regionNamed !== undefined && (httpStatus === 301 || code === 'AuthorizationHeaderMalformed'))
    return wrong(failure, `it is in the region ${regionNamed}; set region: ${regionNamed}`);
  if (httpStatus === 301) return wrong(failure, 'it is in another region; set region');
  if (code === 'NoSuchBucket')
    return wrong(failure, 'there is no such bucket; create it, or correct its name');
  if (WRONG_KEYS.has(code)) return wrong(failure, 'the keys are not accepted; correct credentials');
  if (code === 'CredentialsProviderError')
    return wrong(failure, 'there are no keys; set credentials, or give the machine a role');
  if (code === 'ENOTFOUND') return doubtful(failure, 'its host name is unknown; correct endpoint or region');
  if (isUnreachable(failure)) return doubtful(failure, 'it cannot be reached');
  if (httpStatus === 403) return doubtful(failure, 'it may not be listed with these keys');
  return doubtful(failure, 'it does not work now');
}

function wrong(failure: S3Failure, advice: string): BucketVerdict {
  return { state: 'wrong', advice, failure };
}

function doubtful(failure: S3Failure, advice: string): BucketVerdict {
  return { state: 'doubtful', advice, failure };
}

/** S3 names the right region in the error's body, or in a header of the redirect. */
function regionOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  if ('Region' in error && typeof error.Region === 'string') return error.Region;
  const response = '$response' in error ? error.$response : undefined;
  if (typeof response !== 'object' || response === null || !('headers' in response)) return undefined;
  const { headers } = response;
  if (typeof headers !== 'object' || headers === null) return undefined;
  const region: unknown = Reflect.get(headers, 'x-amz-bucket-region');
  return typeof region === 'string' ? region : undefined;
}
