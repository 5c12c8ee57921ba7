/** Keys of a user's role, from STS AssumeRole: so that AWS enforces the role and the session policy too. */

import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { FileError } from '../../error.ts';
import { roleSessionName } from '../../role-session-name.ts';
import type { StorageSession } from '../../storage.ts';
import { type Connections, SILENT } from './connections.ts';
import { LOCAL_CODES, S3Failure, toFailure } from './errors.ts';
import type { CredentialSource } from './sdk-client.ts';

/** What a role chain may have at most, and every role allows (STS limits). */
const DURATION_SECONDS = 3600;
/** Keys are renewed while they are still good for this long: a part of an upload may take a while. */
const RENEW_BEFORE_MS = 10 * 60_000;
/** A login waits for this. */
const STS_TIMEOUT_MS = 15_000;
const STS_ATTEMPTS = 3;

/** What STS hands out. */
export interface RoleKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiration: Date;
}

export type RoleUser = Pick<
  StorageSession,
  'userName' | 'sessionId' | 'serverId' | 'role' | 'sessionPolicy' | 'signal'
>;

export interface SecurityTokensOptions {
  readonly region: string;
  readonly endpoint?: string | undefined;
  /** Who assumes the roles; the SDK's default chain when absent. */
  readonly credentials?: CredentialSource | undefined;
  readonly connections: Connections;
}

/** The STS that hands out the keys. */
export class SecurityTokens {
  readonly #client: STSClient;

  constructor({ region, endpoint, credentials, connections }: SecurityTokensOptions) {
    this.#client = new STSClient({
      region,
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(credentials === undefined ? {} : { credentials }),
      requestHandler: connections.handler,
      maxAttempts: STS_ATTEMPTS,
      logger: SILENT,
    });
  }

  /** Whether our own keys are good for anything; needs no permission. @throws S3Failure */
  async checkOwnKeys(signal: AbortSignal): Promise<void> {
    await this.#ask('GetCallerIdentity', signal, (abortSignal) =>
      this.#client.send(new GetCallerIdentityCommand({}), { abortSignal }),
    );
  }

  /** @throws S3Failure */
  async assumeRole({
    userName,
    sessionId,
    serverId,
    role,
    sessionPolicy,
    signal,
  }: RoleUser): Promise<RoleKeys> {
    const operation = 'AssumeRole';
    const { Credentials: keys } = await this.#ask(operation, signal, (abortSignal) =>
      this.#client.send(
        new AssumeRoleCommand({
          RoleArn: role,
          RoleSessionName: roleSessionName(userName, sessionId, serverId),
          DurationSeconds: DURATION_SECONDS,
          Policy: sessionPolicy,
        }),
        { abortSignal },
      ),
    );
    const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = keys ?? {};
    if (AccessKeyId === undefined || SecretAccessKey === undefined || SessionToken === undefined)
      throw new S3Failure(operation, LOCAL_CODES.malformed);
    return {
      accessKeyId: AccessKeyId,
      secretAccessKey: SecretAccessKey,
      sessionToken: SessionToken,
      expiration: Expiration ?? new Date(Date.now() + DURATION_SECONDS * 1000),
    };
  }

  async #ask<T>(
    operation: string,
    signal: AbortSignal,
    send: (abortSignal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const timeout = AbortSignal.timeout(STS_TIMEOUT_MS);
    try {
      return await send(AbortSignal.any([signal, timeout]));
    } catch (error) {
      if (signal.aborted) throw new FileError('ABORTED');
      if (timeout.aborted) throw new S3Failure(operation, LOCAL_CODES.deadline);
      throw toFailure(operation, error);
    }
  }
}

/** The keys of one session, renewed before they expire. */
export class RoleCredentials {
  readonly #tokens: SecurityTokens;
  readonly #user: RoleUser;
  #keys: RoleKeys | undefined;
  #renewal: Promise<RoleKeys> | undefined;

  constructor(tokens: SecurityTokens, user: RoleUser) {
    this.#tokens = tokens;
    this.#user = user;
  }

  /** For the SDK, which asks whenever the keys it has are about to expire. @throws S3Failure, FileError ABORTED */
  readonly provide = async (): Promise<RoleKeys> => {
    const keys = this.#keys;
    if (keys !== undefined && keys.expiration.getTime() - Date.now() > RENEW_BEFORE_MS) return keys;
    this.#renewal ??= this.#renew();
    return this.#renewal;
  };

  async #renew(): Promise<RoleKeys> {
    try {
      this.#keys = await this.#tokens.assumeRole(this.#user);
      return this.#keys;
    } finally {
      this.#renewal = undefined;
    }
  }
}
