/** Finds items in the toolkit's two DynamoDB tables. */

import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { Denied, IdentityFault } from '../../decision.ts';
import { DynamoDbItems } from '../../profiles/dynamodb-items.ts';
import type { Surroundings } from '../../surroundings.ts';
import { awsClientSettings } from '../../upstream/aws.ts';
import { DEFAULT_USER, type ProviderItem, readProviderItem, readUserItem, type UserItem } from './items.ts';
import type { ToolkitName } from './login-name.ts';
import type { ToolkitOptions } from './options.ts';

/** No item has this key: `$` alone is reserved by the toolkit. */
const NOBODY = '$';

export class ToolkitTables {
  readonly #options: ToolkitOptions;
  readonly #items: DynamoDbItems;

  constructor(options: ToolkitOptions, { region }: Pick<Surroundings, 'region'>) {
    this.#options = options;
    const client = new DynamoDBClient(awsClientSettings(options, { region, attempts: 2 }));
    this.#items = new DynamoDbItems(client);
  }

  /**
   * The one item that is for the name.
   * @throws Denied USER_UNKNOWN, USER_AMBIGUOUS, RECORD_INVALID; IdentityFault
   */
  async user({ user, provider }: ToolkitName, signal: AbortSignal): Promise<UserItem> {
    const found =
      provider === undefined
        ? ((await this.#only(user, signal)) ?? (await this.#only(DEFAULT_USER, signal)))
        : await this.#ofProvider(user, provider, signal);
    if (found === undefined) throw new Denied('USER_UNKNOWN');
    return found;
  }

  /** @throws Denied PROVIDER_UNKNOWN; IdentityFault */
  async provider(name: string, signal: AbortSignal): Promise<ProviderItem> {
    const table = this.#options.providersTable;
    const item = await this.#items.find({ table, key: { provider: name }, signal });
    if (item === undefined)
      throw new IdentityFault(
        'CONFIGURATION_INVALID',
        'The item of the user names an identity provider without an item.',
      );
    return readProviderItem(item);
  }

  /** Whether both tables are there and may be read. @throws IdentityFault */
  async check(signal: AbortSignal): Promise<void> {
    await this.#item(NOBODY, NOBODY, signal);
    await this.#items.find({
      table: this.#options.providersTable,
      key: { provider: NOBODY },
      signal,
    });
  }

  close(): void {
    this.#items.close();
  }

  /** Never an item of another provider than the one that was named. */
  async #ofProvider(user: string, provider: string, signal: AbortSignal): Promise<UserItem | undefined> {
    const own = await this.#item(user, provider, signal);
    if (own !== undefined || this.#options.defaultUsers === 'without-provider') return own;
    return this.#item(DEFAULT_USER, provider, signal);
  }

  async #item(user: string, provider: string, signal: AbortSignal): Promise<UserItem | undefined> {
    const key = { user, identity_provider_key: provider };
    const item = await this.#items.find({ table: this.#options.usersTable, key, signal });
    return item === undefined ? undefined : readUserItem(item);
  }

  /** The toolkit takes the item whose provider comes first in the alphabet, which is an accident. */
  async #only(user: string, signal: AbortSignal): Promise<UserItem | undefined> {
    const table = this.#options.usersTable;
    const items = await this.#items.findAll({ table, key: { user }, signal });
    const [first, second] = items.map(readUserItem).sort((one, other) => rank(one) - rank(other));
    if (first === undefined || second === undefined || rank(first) < rank(second)) return first;
    throw new Denied('USER_AMBIGUOUS', 'The name has several items, and no priority says which one counts.');
  }
}

function rank({ priority }: UserItem): number {
  return priority ?? Number.MAX_VALUE;
}
