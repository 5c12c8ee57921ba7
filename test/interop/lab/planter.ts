/** Puts files where a server keeps them, behind the back of every client. */

import { createReadStream } from 'node:fs';
import { copyFile, link, mkdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { RunningS3Server } from './s3-server.ts';

/** Names are full paths on our disk, also where something else puts the files there. */
export interface Planter {
  file(name: string, content: string | Buffer): Promise<void>;
  /** As large as may be; afterwards `source` may not be changed. */
  largeFile(name: string, source: string): Promise<void>;
  directory(name: string): Promise<void>;
}

export const diskPlanter: Planter = {
  file: (name, content) => writeFile(name, content),
  // A second name of the same file: a copy would cost memory and time.
  largeFile: (name, source) => link(source, name).catch(() => copyFile(source, name)),
  directory: async (name) => void (await mkdir(name, { recursive: true })),
};

interface Content {
  readonly Body: Buffer | ReturnType<typeof createReadStream>;
  readonly ContentLength: number;
}

/** Through S3: what is written into the folder of a server is no whole object, and an empty folder is none at all. */
export function s3Planter(server: RunningS3Server): Planter {
  const { endpoint, region, bucket, bucketFolder } = server;
  // A copy: the client writes into it.
  const credentials = { ...server.credentials };
  const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
  const keyOf = (name: string) => path.relative(bucketFolder, name);
  const put = async (Key: string, content: Content) =>
    void (await client.send(new PutObjectCommand({ Bucket: bucket, Key, ...content })));
  return {
    file: (name, content) => put(keyOf(name), inMemory(Buffer.from(content))),
    async largeFile(name, source) {
      const { size } = await stat(source);
      const content = { Body: createReadStream(source), ContentLength: size };
      await put(keyOf(name), content);
    },
    directory: (name) => put(`${keyOf(name)}/`, inMemory(Buffer.alloc(0))),
  };
}

function inMemory(bytes: Buffer): Content {
  return { Body: bytes, ContentLength: bytes.length };
}
