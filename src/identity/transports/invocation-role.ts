/** Temporary credentials of the role that may invoke an API: asked of STS, kept until shortly before they expire. */

import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { IdentityError } from '../provider.ts';
import type { Credentials } from './credentials.ts';

/** Credentials that live shorter than this are renewed before they are used: a clock may be a little late. */
const RENEW_BEFORE_MS = 5 * 60_000;
const SESSION_NAME = 'drawbridge';
/** STS repeats nothing that counts as a login; a second attempt is harmless. */
const MAX_ATTEMPTS = 2;

interface Kept {
  readonly credentials: Credentials;
  readonly expiresAtMs: number;
}

export class InvocationRole {
  readonly #roleArn: string;
  readonly #client: STSClient;
  readonly #now: () => number;
  #kept: Kept | undefined;
  #renewal: Promise<Kept> | undefined;

  constructor(roleArn: string, region: string, now: () => number = Date.now) {
    this.#roleArn = roleArn;
    this.#client = new STSClient({ region, maxAttempts: MAX_ATTEMPTS });
    this.#now = now;
  }

  /** Many logins wait for one renewal. @throws IdentityError FUNCTION_UNREACHABLE */
  async credentials(): Promise<Credentials> {
    if (this.#kept !== undefined && this.#kept.expiresAtMs - this.#now() > RENEW_BEFORE_MS)
      return this.#kept.credentials;
    this.#renewal ??= this.#renew().finally(() => {
      this.#renewal = undefined;
    });
    this.#kept = await this.#renewal;
    return this.#kept.credentials;
  }

  close(): void {
    this.#client.destroy();
  }

  async #renew(): Promise<Kept> {
    try {
      const { Credentials: given } = await this.#client.send(
        new AssumeRoleCommand({ RoleArn: this.#roleArn, RoleSessionName: SESSION_NAME }),
      );
      const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = given ?? {};
      if (AccessKeyId === undefined || SecretAccessKey === undefined || SessionToken === undefined)
        throw new Error('STS gave no credentials');
      const credentials = {
        accessKeyId: AccessKeyId,
        secretAccessKey: SecretAccessKey,
        sessionToken: SessionToken,
      };
      return { credentials, expiresAtMs: Expiration?.getTime() ?? this.#now() };
    } catch (cause) {
      const reason = cause instanceof Error ? `${cause.name}: ${cause.message}` : 'unknown error';
      throw new IdentityError(
        'FUNCTION_UNREACHABLE',
        `the invocation role ${this.#roleArn} cannot be assumed (${reason}); the server's own credentials need ` +
          "sts:AssumeRole on it, and the role's trust policy has to name them",
        { cause },
      );
    }
  }
}
