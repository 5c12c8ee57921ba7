/** A program as people write it with the AWS SDK: it moves files between disk and a bucket, several parts at a time. */

import { type FileHandle, open } from 'node:fs/promises';
import {
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { type Answer, Bucket, Order } from './sdk-protocol.ts';

/** As Drawbridge's defaults. */
const PART_BYTES = 8 * 2 ** 20;
const PARTS_IN_FLIGHT = 4;

interface Target {
  readonly client: S3Client;
  readonly Bucket: string;
}

async function put({ client, Bucket }: Target, local: string, Key: string): Promise<void> {
  await using file = await open(local, 'r');
  const { size } = await file.stat();
  if (size <= PART_BYTES) {
    await client.send(new PutObjectCommand({ Bucket, Key, Body: await readRange(file, 0, size) }));
    return;
  }
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  const parts: CompletedPart[] = [];
  await forEachPart(size, async (index, position, byteCount) => {
    const PartNumber = index + 1;
    const Body = await readRange(file, position, byteCount);
    const { ETag } = await client.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body }));
    if (ETag === undefined) throw new Error('a part has no ETag');
    parts[index] = { PartNumber, ETag };
  });
  const MultipartUpload = { Parts: parts };
  await client.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload }));
}

async function get({ client, Bucket }: Target, Key: string, local: string): Promise<void> {
  const { ContentLength = 0 } = await client.send(new HeadObjectCommand({ Bucket, Key }));
  await using file = await open(local, 'w');
  await forEachPart(ContentLength, async (_, position, byteCount) => {
    const Range = `bytes=${position}-${position + byteCount - 1}`;
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key, Range }));
    if (Body === undefined) throw new Error('the object has no body');
    const bytes = await Body.transformToByteArray();
    await file.write(bytes, 0, bytes.length, position);
  });
}

async function list({ client, Bucket }: Target, Prefix: string): Promise<Omit<Answer, 'id'>> {
  const startedMs = performance.now();
  let firstMs: number | undefined;
  let entries = 0;
  let token: string | undefined;
  do {
    const query = { Bucket, Prefix, Delimiter: '/', ContinuationToken: token };
    const page = await client.send(new ListObjectsV2Command(query));
    entries += (page.Contents?.length ?? 0) + (page.CommonPrefixes?.length ?? 0);
    firstMs ??= performance.now() - startedMs;
    token = page.NextContinuationToken;
  } while (token !== undefined);
  return { entries, firstSeconds: firstMs / 1000 };
}

/** Hands out the parts of a size in order, so many at a time. */
async function forEachPart(
  size: number,
  move: (index: number, position: number, byteCount: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const work = async () => {
    for (let index = next++; index * PART_BYTES < size; index = next++) {
      const position = index * PART_BYTES;
      await move(index, position, Math.min(PART_BYTES, size - position));
    }
  };
  await Promise.all(Array.from({ length: PARTS_IN_FLIGHT }, work));
}

async function readRange(file: FileHandle, position: number, byteCount: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(byteCount);
  let filled = 0;
  while (filled < byteCount) {
    const { bytesRead } = await file.read(bytes, filled, byteCount - filled, position + filled);
    if (bytesRead === 0) throw new Error('the file has become shorter');
    filled += bytesRead;
  }
  return bytes;
}

async function follow(target: Target, order: Order): Promise<Answer> {
  const { id } = order;
  try {
    switch (order.action) {
      case 'put':
        await put(target, order.local, order.key);
        return { id };
      case 'get':
        await get(target, order.key, order.local);
        return { id };
      case 'list':
        return { id, ...(await list(target, order.prefix)) };
    }
  } catch (error) {
    return { id, error: String(error) };
  }
}

process.once('message', (first) => {
  const { endpoint, region, bucket, accessKeyId, secretAccessKey } = Bucket.parse(first);
  const credentials = { accessKeyId, secretAccessKey };
  const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
  process.on('message', async (message) => {
    process.send?.(await follow({ client, Bucket: bucket }, Order.parse(message)));
  });
});
// The end of the channel: the bench has gone, however it went.
process.on('disconnect', () => process.exit());
