/** Public keys in a bucket: one object for each user, or all objects below a prefix of theirs, as in AWS's Cognito sample. */

import type { GetObjectCommandOutput, S3Client } from '@aws-sdk/client-s3';
import { Denied } from '../decision.ts';
import { MAX_PUBLIC_KEYS } from '../keys-answer.ts';
import type { RecordKey } from '../records/record.ts';
import type { Surroundings } from '../surroundings.ts';
import { awsClientSettings } from '../upstream/aws.ts';
import { AwsService } from '../upstream/aws-service.ts';
import { checkKeysSize, keysOf } from './key-lines.ts';
import { withUserName } from './name-place.ts';
import type { BucketKeysOptions } from './options.ts';
import type { PublicKeySource } from './source.ts';

/** Reading changes nothing, so once more is harmless. */
const ATTEMPTS = 2;

type Sdk = typeof import('@aws-sdk/client-s3');

interface Connection {
  readonly client: S3Client;
  readonly sdk: Sdk;
}

export class BucketKeys implements PublicKeySource {
  readonly #options: BucketKeysOptions;
  readonly #region: string;
  readonly #service: AwsService;
  #connecting: Promise<Connection> | undefined;

  constructor(options: BucketKeysOptions, { region }: Surroundings) {
    this.#options = options;
    this.#region = region;
    this.#service = new AwsService(`The bucket ${options.bucket}`);
  }

  async find(userName: string, signal: AbortSignal): Promise<readonly RecordKey[]> {
    const connection = await this.#connect();
    return await this.#service.call(async () => {
      const names = await this.#objectsOf(connection, userName, signal);
      const texts = await Promise.all(names.map((name) => this.#textOf(connection, name, signal)));
      checkKeysSize(texts.reduce((sum, text) => sum + text.length, 0));
      return keysOf(texts);
    }, signal);
  }

  async close(): Promise<void> {
    const connection = await this.#connecting;
    connection?.client.destroy();
  }

  /** Names of the user's objects. */
  async #objectsOf(
    { client, sdk }: Connection,
    userName: string,
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    const { bucket, key, prefix } = this.#options;
    if (key !== undefined) return [withUserName(key, userName)];
    const listing = new sdk.ListObjectsV2Command({
      Bucket: bucket,
      Prefix: withUserName(prefix ?? '', userName),
      MaxKeys: MAX_PUBLIC_KEYS + 1,
    });
    const { Contents = [] } = await client.send(listing, { abortSignal: signal });
    if (Contents.length > MAX_PUBLIC_KEYS)
      throw new Denied('RECORD_INVALID', `More than ${MAX_PUBLIC_KEYS} objects with public keys.`);
    checkKeysSize(Contents.reduce((sum, { Size = 0 }) => sum + Size, 0));
    // Consoles mark a "folder" by an empty object of its name.
    return Contents.flatMap(({ Key = '' }) => (Key === '' || Key.endsWith('/') ? [] : [Key]));
  }

  /** Empty where there is no object. */
  async #textOf({ client, sdk }: Connection, name: string, signal: AbortSignal): Promise<string> {
    const { bucket } = this.#options;
    try {
      const command = new sdk.GetObjectCommand({ Bucket: bucket, Key: name });
      return await boundedText(await client.send(command, { abortSignal: signal }));
    } catch (error) {
      if (error instanceof sdk.NoSuchKey) return '';
      throw error;
    }
  }

  /** The SDK is loaded when it is needed first. */
  #connect(): Promise<Connection> {
    this.#connecting ??= import('@aws-sdk/client-s3').then((sdk) => {
      const { pathStyle: forcePathStyle } = this.#options;
      const settings = awsClientSettings(this.#options, { region: this.#region, attempts: ATTEMPTS });
      return { sdk, client: new sdk.S3Client({ ...settings, forcePathStyle }) };
    });
    return this.#connecting;
  }
}

/** S3 always tells the length; what does not tell it could have no end. */
async function boundedText({ Body, ContentLength }: GetObjectCommandOutput): Promise<string> {
  if (Body === undefined) return '';
  try {
    checkKeysSize(ContentLength ?? Number.POSITIVE_INFINITY);
  } catch (error) {
    // What is not read would keep its connection.
    if ('destroy' in Body) Body.destroy();
    throw error;
  }
  return await Body.transformToString('utf8');
}
