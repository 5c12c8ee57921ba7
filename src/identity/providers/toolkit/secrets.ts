/** Reads the secrets that items name instead of holding them. */

import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { IdentityFault } from '../../decision.ts';
import { Secret } from '../../secret.ts';
import type { Surroundings } from '../../surroundings.ts';
import { type AwsOptions, awsClientSettings } from '../../upstream/aws.ts';

/** The wait of whoever comes first; others wait with them. */
const TIMEOUT_MS = 5000;

export class ItemSecrets {
  readonly #client: SecretsManagerClient;

  constructor(options: AwsOptions, { region }: Pick<Surroundings, 'region'>) {
    this.#client = new SecretsManagerClient(awsClientSettings(options, { region, attempts: 2 }));
  }

  /** @throws IdentityFault */
  async read(id: string): Promise<Secret> {
    const command = new GetSecretValueCommand({ SecretId: id });
    try {
      const answer = await this.#client.send(command, { abortSignal: AbortSignal.timeout(TIMEOUT_MS) });
      const { SecretString: text, SecretBinary: bytes } = answer;
      return new Secret(text ?? Buffer.from(bytes ?? []).toString('utf8'));
    } catch (cause) {
      const name = cause instanceof Error ? cause.name : 'unknown';
      throw new IdentityFault('UPSTREAM_FAILED', `A secret that an item names cannot be read: ${name}.`);
    }
  }

  close(): void {
    this.#client.destroy();
  }
}
