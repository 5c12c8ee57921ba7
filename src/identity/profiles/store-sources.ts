/** Makes the sources that look records up in a store; only the SDK and the driver of those in use are loaded. */

import type { Surroundings } from '../surroundings.ts';
import type { ProfilesOptions } from './options.ts';
import type { SourceContext } from './record-reading.ts';
import { StoreSource } from './store-source.ts';

/** From the most general to the most personal, as in the configuration. Nothing is connected yet. */
export async function createStoreSources(
  { dynamodb, secret, sql, file }: ProfilesOptions,
  surroundings: Surroundings,
  context: SourceContext,
): Promise<readonly StoreSource[]> {
  const sources: StoreSource[] = [];
  if (dynamodb !== undefined) {
    const { DynamoDbStore } = await import('./dynamodb-store.ts');
    const store = new DynamoDbStore(dynamodb, surroundings);
    const { lookUpBy, optional } = dynamodb;
    sources.push(new StoreSource({ name: 'dynamodb', store, lookUpBy, optional }, context));
  }
  if (secret !== undefined) {
    const { SecretsRecordStore } = await import('../providers/secrets-manager/store.ts');
    const store = new SecretsRecordStore(secret, surroundings);
    sources.push(new StoreSource({ name: 'secret', store, ...byLoginName(secret) }, context));
  }
  if (sql !== undefined) {
    const { SqlRecordStore } = await import('../providers/sql/store.ts');
    const store = new SqlRecordStore(sql, surroundings, { isReadOnly: true });
    sources.push(new StoreSource({ name: 'sql', store, ...byLoginName(sql) }, context));
  }
  if (file !== undefined) {
    const { FileRecordStore } = await import('../providers/file/store.ts');
    const store = new FileRecordStore(file, surroundings);
    sources.push(new StoreSource({ name: 'file', store, ...byLoginName(file) }, context));
  }
  return sources;
}

/** Names of secrets and files are made of it: only the name of the login has a grammar that keeps it in its place. */
function byLoginName({ optional }: { readonly optional: boolean }) {
  return { lookUpBy: 'login-name', optional } as const;
}
