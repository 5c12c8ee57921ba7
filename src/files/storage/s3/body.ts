/** The bodies of requests and answers: views sent without being joined, streams taken up again where they broke off. */

import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import type { ObjectBody } from './object-store.ts';

/** Sent at a time: large enough to cost little, small enough that a slow line shows progress. */
const STEP_BYTES = 256 * 1024;
const CRC32_BYTES = 4;

/** A stream of the views, made anew for each attempt. `onProgress` is called whenever the connection takes more. */
export function bodyStream({ views }: ObjectBody, onProgress: () => void): Readable {
  const steps = stepsOf(views);
  return new Readable({
    highWaterMark: STEP_BYTES,
    read() {
      onProgress();
      const { value, done } = steps.next();
      this.push(done === true ? null : value);
    },
  });
}

/** As `x-amz-checksum-crc32` wants it: big-endian, Base64. */
export function crc32Base64({ views }: ObjectBody): string {
  const checksum = views.reduce((sum, view) => crc32(view, sum), 0);
  const bytes = Buffer.alloc(CRC32_BYTES);
  bytes.writeUInt32BE(checksum);
  return bytes.toString('base64');
}

/** As `x-amz-content-sha256` wants it. */
export function sha256Hex({ views }: ObjectBody): string {
  const hash = createHash('sha256');
  for (const view of views) hash.update(view);
  return hash.digest('hex');
}

function* stepsOf(views: readonly Uint8Array[]): Generator<Uint8Array, undefined> {
  for (const view of views) {
    for (let start = 0; start < view.length; start += STEP_BYTES)
      yield view.subarray(start, start + STEP_BYTES);
  }
  return undefined;
}
