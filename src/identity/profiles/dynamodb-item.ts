/** Reads items of DynamoDB tables as plain values, and says what went wrong in terms of a login. */

import {
  type AttributeValue,
  type DynamoDBClient,
  GetItemCommand,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { IdentityFault } from '../decision.ts';
import type { RecordMembers } from '../records/record.ts';

/** Errors of DynamoDB that no waiting mends: the table, its key or our rights are not what they have to be. */
const OF_CONFIGURATION = new Set([
  'ResourceNotFoundException',
  'ValidationException',
  'AccessDeniedException',
  'UnrecognizedClientException',
  'InvalidSignatureException',
  'CredentialsProviderError',
]);
const TIMEOUTS = new Set(['TimeoutError', 'AbortError']);
/** Most items that are looked at for one key. */
const MAX_ITEMS_OF_KEY = 50;

export interface TableKey {
  readonly table: string;
  /** Names and values of the key's attributes; all are strings. */
  readonly key: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** The item; undefined where there is none. Consistent: what was taken away is gone at once. @throws IdentityFault */
export async function findItem(client: DynamoDBClient, { table, key, signal }: TableKey) {
  const { Item: item } = await asked(table, () =>
    client.send(new GetItemCommand({ TableName: table, Key: stringKey(key), ConsistentRead: true }), {
      abortSignal: signal,
    }),
  );
  return item === undefined ? undefined : plainItem(item);
}

/** All items of one partition key. @throws IdentityFault */
export async function findItems(client: DynamoDBClient, { table, key, signal }: TableKey) {
  const [[name, value] = ['', '']] = Object.entries(key);
  const { Items: items = [] } = await asked(table, () =>
    client.send(
      new QueryCommand({
        TableName: table,
        KeyConditionExpression: '#name = :value',
        ExpressionAttributeNames: { '#name': name },
        ExpressionAttributeValues: { ':value': { S: value } },
        ConsistentRead: true,
        Limit: MAX_ITEMS_OF_KEY,
      }),
      { abortSignal: signal },
    ),
  );
  return items.map(plainItem);
}

async function asked<Answer>(table: string, ask: () => Promise<Answer>): Promise<Answer> {
  try {
    return await ask();
  } catch (cause) {
    const name = cause instanceof Error ? cause.name : 'unknown';
    throw new IdentityFault(faultCode(name), `DynamoDB table ${table}: ${name}.`);
  }
}

function faultCode(name: string) {
  if (OF_CONFIGURATION.has(name)) return 'CONFIGURATION_INVALID';
  if (TIMEOUTS.has(name)) return 'UPSTREAM_TIMED_OUT';
  // Errors of the system (ECONNREFUSED) come as plain `Error`.
  return name === 'Error' ? 'UPSTREAM_UNREACHABLE' : 'UPSTREAM_FAILED';
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
