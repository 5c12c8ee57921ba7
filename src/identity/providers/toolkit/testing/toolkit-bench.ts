/** The toolkit's tables in a DynamoDB of this process, and providers that items ask for as fakes. */

import type { TestContext } from 'node:test';
import type { ProviderChoice } from '../../../configuration.ts';
import { Denied } from '../../../decision.ts';
import { type Item, REGION, startDynamoDb } from '../../../profiles/testing/dynamodb-bench.ts';
import { personOf, ROLE } from '../../../profiles/testing/people.ts';
import { Secret } from '../../../secret.ts';
import type { Login, Person, PersonProvider, Step } from '../../provider.ts';
import { toolkitOptions } from '../options.ts';
import { createToolkitProvider } from '../provider.ts';

export const CANARY = 'canary-Tr0ub4dor';
export const NOW_MS = Date.parse('2026-11-21T00:00:00Z');

export interface ToolkitBench {
  readonly provider: PersonProvider;
  /** Configurations that providers were made of. */
  readonly made: ProviderChoice[];
  /** Names that the identity provider was asked about. */
  readonly asked: string[];
  closed: number;
  user(item: Item): Promise<void>;
  identityProvider(item: Item): Promise<void>;
}

export interface BenchOptions {
  readonly options?: object;
  /** What the identity provider says about who is there. */
  readonly person?: Partial<Person>;
  readonly password?: (login: Login) => Promise<Step>;
  readonly canLookUp?: boolean;
  /** What making a provider waits for. */
  readonly making?: Promise<void>;
  readonly now?: () => number;
}

export async function toolkitBench(t: TestContext, bench: BenchOptions = {}): Promise<ToolkitBench> {
  const dynamoDb = await startDynamoDb(t);
  await dynamoDb.createTable('users', 'user', 'identity_provider_key');
  await dynamoDb.createTable('identity_providers', 'provider');
  const options = toolkitOptions.parse({
    usersTable: 'users',
    providersTable: 'identity_providers',
    ...dynamoDb.place,
    ...bench.options,
  });
  const made: ProviderChoice[] = [];
  const asked: string[] = [];
  const surroundings = { region: REGION, folder: '/', now: bench.now ?? (() => NOW_MS), warn: () => {} };
  const fake: PersonProvider = {
    async password(login, password) {
      asked.push(login.userName);
      if (bench.password !== undefined) return bench.password(login);
      if (password.reveal() !== CANARY) throw new Denied('BAD_CREDENTIALS');
      return { outcome: 'verified', person: personOf({ userName: login.userName, ...bench.person }) };
    },
    async lookUp(login) {
      asked.push(login.userName);
      if (bench.canLookUp === false) return undefined;
      return personOf({ userName: login.userName, proofs: [], ...bench.person });
    },
    async close() {
      result.closed += 1;
    },
  };
  const provider = createToolkitProvider(options, surroundings, {
    async create(configuration) {
      made.push(configuration);
      await bench.making;
      return fake;
    },
  });
  t.after(() => provider.close());
  const result: ToolkitBench = {
    provider,
    made,
    asked,
    closed: 0,
    user: (item) => dynamoDb.put('users', item),
    identityProvider: (item) => dynamoDb.put('identity_providers', item),
  };
  return result;
}

export const password = (text: string = CANARY) => new Secret(text);

/** The person of a password login. */
export async function logIn(bench: ToolkitBench, login: Login, text: string = CANARY): Promise<Person> {
  const step = await bench.provider.password(login, new Secret(text));
  if (step.outcome !== 'verified') throw new Error('the login is not over');
  return step.person;
}

export const KEY =
  'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f jdoe@example';
export const OTHER_KEY =
  'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB8eHRwbGhkYFxYVFBMSERAPDg0MCwoJCAcGBQQDAgEA jdoe@laptop';

/** Attributes of an item's `config`, over the ones that every test needs. */
export function userItem(config: Item = {}, changes: Item = {}): Item {
  return {
    user: { S: 'jdoe' },
    identity_provider_key: { S: 'corp' },
    config: { M: { Role: { S: ROLE }, ...config } },
    ...changes,
  };
}

export function ldapItem(config: Item = {}, changes: Item = {}): Item {
  return {
    provider: { S: 'corp' },
    module: { S: 'ldap' },
    config: {
      M: {
        server: { S: 'dc1.corp.example' },
        domain: { S: 'corp.example' },
        search_base: { S: 'DC=corp,DC=example' },
        ...config,
      },
    },
    ...changes,
  };
}
