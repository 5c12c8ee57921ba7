/** A DynamoDB in this process, with the tables of a test. */

import { once } from 'node:events';
import type { Server } from 'node:http';
import { createRequire } from 'node:module';
import type { TestContext } from 'node:test';
import {
  type AttributeValue,
  CreateTableCommand,
  DynamoDBClient,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';

const require = createRequire(import.meta.url);

export const CREDENTIALS = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'example-secret-key' };
export const REGION = 'eu-west-1';

export type Item = Record<string, AttributeValue>;

export interface DynamoDbBench {
  /** For options. */
  readonly place: { readonly endpoint: string; readonly credentials: typeof CREDENTIALS };
  /** Names of the partition key, and of the sort key if there is one; both are strings. */
  createTable(table: string, ...keys: readonly string[]): Promise<void>;
  put(table: string, item: Item): Promise<void>;
}

export async function startDynamoDb(t: TestContext): Promise<DynamoDbBench> {
  const dynalite: (options: object) => Server = require('dynalite');
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const place = { endpoint: `http://127.0.0.1:${port}`, credentials: CREDENTIALS };
  // The SDK writes into the credentials that it is given.
  const client = new DynamoDBClient({ region: REGION, ...place, credentials: { ...CREDENTIALS } });
  t.after(() => {
    client.destroy();
    server.closeAllConnections();
    server.close();
  });
  return {
    place,
    async createTable(table, ...keys) {
      const kinds = ['HASH', 'RANGE'] as const;
      await client.send(
        new CreateTableCommand({
          TableName: table,
          BillingMode: 'PAY_PER_REQUEST',
          KeySchema: keys.map((name, index) => ({ AttributeName: name, KeyType: kinds[index] })),
          AttributeDefinitions: keys.map((name) => ({ AttributeName: name, AttributeType: 'S' })),
        }),
      );
      // The table is made in the next turn of its own event loop.
      for (let tries = 0; tries < 50 && !(await isThere(client, table)); tries += 1) await turn();
    },
    async put(table, item) {
      await client.send(new PutItemCommand({ TableName: table, Item: item }));
    },
  };
}

async function isThere(client: DynamoDBClient, table: string): Promise<boolean> {
  const { DescribeTableCommand } = await import('@aws-sdk/client-dynamodb');
  const { Table } = await client.send(new DescribeTableCommand({ TableName: table }));
  return Table?.TableStatus === 'ACTIVE';
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
