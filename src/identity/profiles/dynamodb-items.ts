/** Items of DynamoDB tables as plain values. */

import {
  type AttributeValue,
  type DynamoDBClient,
  GetItemCommand,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { IdentityFault } from '../decision.ts';
import type { RecordMembers } from '../records/record.ts';
import { AwsService, awsFault } from '../upstream/aws-service.ts';

/** Errors of DynamoDB alone that no waiting mends: the table or its key are not what they have to be. */
const OF_CONFIGURATION = new Set(['ResourceNotFoundException', 'ValidationException']);
/** Most items that are looked at for one key. */
const MAX_ITEMS_OF_KEY = 50;

export interface TableKey {
  readonly table: string;
  /** Names and values of the key's attributes; all are strings. */
  readonly key: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** Reads are consistent: what was taken away is gone at once. */
export class DynamoDbItems {
  readonly #client: DynamoDBClient;
  readonly #service = new AwsService('DynamoDB');

  constructor(client: DynamoDBClient) {
    this.#client = client;
  }

  /** The item; undefined where there is none. @throws IdentityFault */
  async find({ table, key, signal }: TableKey): Promise<RecordMembers | undefined> {
    const command = new GetItemCommand({ TableName: table, Key: stringKey(key), ConsistentRead: true });
    const { Item: item } = await this.#service.call(
      () => this.#client.send(command, { abortSignal: signal }),
      signal,
      (error) => faultOf(error, table),
    );
    return item === undefined ? undefined : plainItem(item);
  }

  /** All items of one partition key. @throws IdentityFault */
  async findAll({ table, key, signal }: TableKey): Promise<readonly RecordMembers[]> {
    const [[name, value] = ['', '']] = Object.entries(key);
    const command = new QueryCommand({
      TableName: table,
      KeyConditionExpression: '#name = :value',
      ExpressionAttributeNames: { '#name': name },
      ExpressionAttributeValues: { ':value': { S: value } },
      ConsistentRead: true,
      Limit: MAX_ITEMS_OF_KEY,
    });
    const { Items: items = [] } = await this.#service.call(
      () => this.#client.send(command, { abortSignal: signal }),
      signal,
      (error) => faultOf(error, table),
    );
    return items.map(plainItem);
  }

  close(): void {
    this.#client.destroy();
  }
}

function faultOf(error: unknown, table: string): IdentityFault {
  const service = `DynamoDB table ${table}`;
  const name = error instanceof Error ? error.name : '';
  if (OF_CONFIGURATION.has(name)) return new IdentityFault('CONFIGURATION_INVALID', `${service}: ${name}.`);
  return awsFault(error, service);
}

function stringKey(key: TableKey['key']): Record<string, AttributeValue> {
  return Object.fromEntries(Object.entries(key).map(([name, value]) => [name, { S: value }]));
}

function plainItem(item: Record<string, AttributeValue>): RecordMembers {
  const plain = plainValue(unmarshall(item, { wrapNumbers: plainNumber }));
  return isMembers(plain) ? plain : {};
}

/** Integers as numbers, as POSIX ids have to be; what does not fit one stays a text, for the reader of the record to judge. */
function plainNumber(text: string): number | string {
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : text;
}

/** Sets as arrays; binary values say nothing in a record. */
function plainValue(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) return undefined;
  if (value instanceof Set) return [...value].map(plainValue);
  if (Array.isArray(value)) return value.map(plainValue);
  if (!isMembers(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plainValue(member)]));
}

function isMembers(value: unknown): value is RecordMembers {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
