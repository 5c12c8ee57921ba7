/** Puts the first object of a bucket that is filled behind its server's back. */

import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { RunningS3Server } from '../../test/interop/lab/s3-server.ts';

export async function putEmptyObject(server: RunningS3Server, key: string): Promise<void> {
  const { endpoint, region, bucket } = server;
  // A copy: the client writes into it.
  const credentials = { ...server.credentials };
  const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
  try {
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: new Uint8Array() }));
  } finally {
    client.destroy();
  }
}
