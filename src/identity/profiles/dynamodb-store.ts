/** A table of DynamoDB with one item for each user: the UserMapping of origin text 000. */

import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { RecordLookUp, RecordMembers, RecordStore } from '../records/record.ts';
import type { Surroundings } from '../surroundings.ts';
import { awsClientSettings } from '../upstream/aws.ts';
import { findItem } from './dynamodb-item.ts';
import type { DynamoDbOptions } from './options.ts';

/** No user name begins with a dot. */
const NOBODY = '.';

export class DynamoDbStore implements RecordStore {
  readonly #options: DynamoDbOptions;
  readonly #client: DynamoDBClient;

  constructor(options: DynamoDbOptions, { region }: Pick<Surroundings, 'region'>) {
    this.#options = options;
    this.#client = new DynamoDBClient(awsClientSettings(options, { region, attempts: 2 }));
  }

  /** @throws IdentityFault */
  async find({ userName }: RecordLookUp, signal: AbortSignal): Promise<RecordMembers | undefined> {
    const { table, keyAttribute } = this.#options;
    const item = await findItem(this.#client, { table, key: { [keyAttribute]: userName }, signal });
    if (item === undefined) return undefined;
    const { [keyAttribute]: _key, ...members } = item;
    return members;
  }

  /** @throws IdentityFault */
  async check(signal: AbortSignal): Promise<void> {
    const { table, keyAttribute } = this.#options;
    await findItem(this.#client, { table, key: { [keyAttribute]: NOBODY }, signal });
  }

  async close(): Promise<void> {
    this.#client.destroy();
  }
}
