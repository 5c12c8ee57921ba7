/** A table of DynamoDB with one item for each user: the UserMapping of origin text 000. */

import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { RecordLookUp, RecordMembers, RecordStore } from '../records/record.ts';
import type { Surroundings } from '../surroundings.ts';
import { awsClientSettings } from '../upstream/aws.ts';
import { DynamoDbItems } from './dynamodb-items.ts';
import type { DynamoDbOptions } from './options.ts';

/** No user name begins with a dot. */
const NOBODY = '.';

export class DynamoDbStore implements RecordStore {
  readonly #options: DynamoDbOptions;
  readonly #items: DynamoDbItems;

  constructor(options: DynamoDbOptions, { region }: Pick<Surroundings, 'region'>) {
    this.#options = options;
    const client = new DynamoDBClient(awsClientSettings(options, { region, attempts: 2 }));
    this.#items = new DynamoDbItems(client);
  }

  /** @throws IdentityFault */
  async find({ userName }: RecordLookUp, signal: AbortSignal): Promise<RecordMembers | undefined> {
    const { table, keyAttribute } = this.#options;
    const item = await this.#items.find({ table, key: { [keyAttribute]: userName }, signal });
    if (item === undefined) return undefined;
    const { [keyAttribute]: _key, ...members } = item;
    return members;
  }

  /** @throws IdentityFault */
  async check(signal: AbortSignal): Promise<void> {
    const { table, keyAttribute } = this.#options;
    await this.#items.find({ table, key: { [keyAttribute]: NOBODY }, signal });
  }

  async close(): Promise<void> {
    this.#items.close();
  }
}
