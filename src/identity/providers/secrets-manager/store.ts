/** Records in AWS Secrets Manager: a secret for each user. */

import {
  GetSecretValueCommand,
  type GetSecretValueResponse,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { Denied } from '../../decision.ts';
import type { RecordLookUp, RecordMembers, RecordStore } from '../../records/record.ts';
import { decodeJson } from '../../records/record-text.ts';
import type { Surroundings } from '../../surroundings.ts';
import { awsClientSettings } from '../../upstream/aws.ts';
import { AwsService } from '../../upstream/aws-service.ts';
import type { SecretsStoreOptions } from './options.ts';
import { RecordCache } from './record-cache.ts';
import { errorName, secretsFault } from './secrets-error.ts';

const MINUTE_MS = 60_000;
/** What may stand for a variable: everything that a name may hold but `/`, which would lead to somebody else's secret. */
const VARIABLE_VALUE = /^[A-Za-z0-9_+=.@-]{1,256}$/;

type Stage = 'AWSCURRENT' | 'AWSPREVIOUS';

export class SecretsRecordStore implements RecordStore {
  readonly #client: SecretsManagerClient;
  readonly #service = new AwsService('Secrets Manager');
  readonly #secretNames: readonly string[];
  readonly #cache: RecordCache;
  readonly #now: () => number;
  /** When the version of a record was made. */
  readonly #madeAtMs = new WeakMap<RecordMembers, number>();

  constructor(options: SecretsStoreOptions, { region, now }: Pick<Surroundings, 'region' | 'now'>) {
    // A read may be repeated: it is no attempt at a password.
    this.#client = new SecretsManagerClient(awsClientSettings(options, { region, attempts: 2 }));
    this.#secretNames = options.secretNames;
    this.#cache = new RecordCache(
      { cacheMs: options.cacheSeconds * 1000, missingCacheMs: options.missingCacheSeconds * 1000 },
      now,
    );
    this.#now = now;
  }

  /** @throws Denied RECORD_INVALID; IdentityFault */
  find(key: RecordLookUp, signal: AbortSignal): Promise<RecordMembers | undefined> {
    const { userName, serverId } = key;
    if (!VARIABLE_VALUE.test(userName) || !VARIABLE_VALUE.test(serverId)) return Promise.resolve(undefined);
    return this.#cache.find(`${serverId}/${userName}`, signal, (ownSignal) =>
      this.#load(key, 'AWSCURRENT', ownSignal),
    );
  }

  /** The previous version, where the current one is younger than so many minutes. @throws Denied RECORD_INVALID; IdentityFault */
  async findPrevious(
    key: RecordLookUp,
    current: RecordMembers,
    minutes: number,
    signal: AbortSignal,
  ): Promise<RecordMembers | undefined> {
    const madeAtMs = this.#madeAtMs.get(current);
    if (madeAtMs === undefined || this.#now() - madeAtMs >= minutes * MINUTE_MS) return undefined;
    return this.#load(key, 'AWSPREVIOUS', signal);
  }

  async close(): Promise<void> {
    this.#client.destroy();
  }

  async #load(
    { userName, serverId }: RecordLookUp,
    stage: Stage,
    signal: AbortSignal,
  ): Promise<RecordMembers | undefined> {
    for (const template of this.#secretNames) {
      const name = template.replaceAll('{serverId}', serverId).replaceAll('{userName}', userName);
      const answer = await this.#get(name, stage, signal);
      if (answer !== undefined) return answer === 'deleted' ? undefined : this.#membersOf(answer);
    }
    return undefined;
  }

  #get(
    name: string,
    stage: Stage,
    signal: AbortSignal,
  ): Promise<GetSecretValueResponse | 'deleted' | undefined> {
    const command = new GetSecretValueCommand({ SecretId: name, VersionStage: stage });
    return this.#service.call(() => this.#send(command, signal), signal, secretsFault);
  }

  async #send(
    command: GetSecretValueCommand,
    signal: AbortSignal,
  ): Promise<GetSecretValueResponse | 'deleted' | undefined> {
    try {
      return await this.#client.send(command, { abortSignal: signal });
    } catch (error) {
      if (errorName(error) === 'ResourceNotFoundException') return undefined;
      // It is marked for deletion: whoever deletes a user does not want one of another layout to come to life.
      if (errorName(error) === 'InvalidRequestException') return 'deleted';
      throw error;
    }
  }

  #membersOf(answer: GetSecretValueResponse): RecordMembers {
    const decoded = decodeJson(textOf(answer));
    if (decoded.outcome === 'broken') throw new Denied('RECORD_INVALID', `The secret: ${decoded.problem}.`);
    if (answer.CreatedDate !== undefined) this.#madeAtMs.set(decoded.members, answer.CreatedDate.getTime());
    return decoded.members;
  }
}

/** The AWS sample decodes a binary secret once more; people store the JSON itself as well. */
function textOf({ SecretString, SecretBinary }: GetSecretValueResponse): string {
  if (SecretString !== undefined) return SecretString;
  const text = Buffer.from(SecretBinary ?? []).toString('utf8');
  return text.trimStart().startsWith('{') ? text : Buffer.from(text, 'base64').toString('utf8');
}
