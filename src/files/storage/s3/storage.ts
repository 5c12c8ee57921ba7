/** A bucket of S3, or of any service that speaks it, as a storage. */

import type { ServerSideEncryption } from '@aws-sdk/client-s3';
import { errorFields, type Log } from '../../../telemetry/log.ts';
import { BlockPool } from '../../block-pool.ts';
import { FileError, toFileError } from '../../error.ts';
import type { FileSystem } from '../../file-system.ts';
import type { Storage, StorageSession } from '../../storage.ts';
import { ROOT, type VirtualPath } from '../../virtual-path.ts';
import { type BucketVerdict, checkBucket, judgeFailure } from './bucket-check.ts';
import { Connections } from './connections.ts';
import { RoleCredentials, type RoleUser, SecurityTokens } from './credentials.ts';
import { EmptiedDirectories } from './emptied.ts';
import { S3Failure } from './errors.ts';
import { S3FileSystem } from './file-system.ts';
import type { ObjectStore } from './object-store.ts';
import { Orphans } from './orphans.ts';
import { type CredentialSource, makeClient } from './sdk-client.ts';
import { SdkObjectStore } from './sdk-object-store.ts';
import { UploadJournal } from './upload-journal.ts';
import type { UploadMemory } from './upload-memory.ts';

const BYTES_PER_MEGABYTE = 1024 ** 2;
const MS = 1000;
const HOUR_MS = 3_600_000;
/** A start waits this long for a bucket that does not answer, and goes on without. */
const CHECK_TIMEOUT_MS = 15_000;
/** Who we are to STS when nobody is logged in: aborting what was left behind. */
const HOUSEKEEPER = { userName: 'drawbridge', sessionId: 'housekeeping', serverId: 'node' } as const;

export interface S3StorageOptions {
  /** As users and the configuration call it. */
  readonly name: string;
  /** As S3 calls it. */
  readonly bucket: string;
  readonly endpoint?: string | undefined;
  readonly region: string;
  readonly pathStyle: boolean;
  /** The SDK's default chain when absent. */
  readonly credentials?: CredentialSource | undefined;
  /** Every session acts as its role. */
  readonly assumeRole: boolean;
  readonly stsEndpoint?: string | undefined;
  readonly serverSideEncryption?:
    | { readonly algorithm: ServerSideEncryption; readonly kmsKeyId?: string | undefined }
    | undefined;
  readonly partMegabytes: number;
  readonly partsInFlight: number;
  readonly requestTimeoutSeconds: number;
  /** 0: never. */
  readonly abortUploadsAfterHours: number;
  /** Shared by all S3 storages of the process. */
  readonly memory: UploadMemory;
  /** Where the uploads that are under way are written down. */
  readonly journalFile: string;
  readonly log: Log;
}

/** What a session works with: one for all, or its own when it acts as its role. */
interface SessionAccess {
  readonly store: ObjectStore;
  readonly role?: RoleCredentials;
}

export class S3Storage implements Storage {
  /** A prefix is there without existing. */
  readonly homes = 'implied';
  readonly #options: S3StorageOptions;
  readonly #log: Log;
  readonly #connections = new Connections();
  readonly #pool = new BlockPool();
  readonly #emptied = new EmptiedDirectories();
  readonly #journal: UploadJournal;
  readonly #orphans: Orphans;
  /** Undefined where sessions use the storage's own keys. */
  readonly #tokens: SecurityTokens | undefined;
  readonly #ownAccess: SessionAccess;
  readonly #roleAccess = new WeakMap<StorageSession, SessionAccess>();

  constructor(options: S3StorageOptions) {
    const { name, bucket, region, stsEndpoint, credentials, journalFile, abortUploadsAfterHours } = options;
    this.#options = options;
    this.#log = options.log.child({ bucket: name, ...(bucket === name ? {} : { 's3-bucket': bucket }) });
    const connections = this.#connections;
    this.#tokens = options.assumeRole
      ? new SecurityTokens({ region, endpoint: stsEndpoint, credentials, connections })
      : undefined;
    this.#journal = new UploadJournal({
      file: journalFile,
      onTrouble: (error) => this.#log.warn(errorFields(error), 'uploads under way cannot be written down'),
    });
    this.#ownAccess = { store: this.#makeStore(credentials) };
    this.#orphans = new Orphans({
      journal: this.#journal,
      maxIdleMs: abortUploadsAfterHours * HOUR_MS,
      storeFor: ({ role }) => this.#housekeepingStore(role),
      onAborted: ({ key }) => this.#log.info({ key }, 'an upload that was left behind is aborted'),
      onFailed: ({ key }, error) =>
        this.#log.warn({ key, ...errorFields(error) }, 'an upload that was left behind cannot be aborted'),
    });
  }

  /**
   * A bucket that is set up wrongly is refused; one that cannot be reached now is said to be, and used as soon as it can:
   * other servers of the node must not depend on it.
   */
  async open(): Promise<void> {
    const verdict = await this.#check(AbortSignal.timeout(CHECK_TIMEOUT_MS));
    if (verdict.state === 'wrong')
      throw new FileError('IO_ERROR', `bucket ${this.#options.name}: ${verdict.advice}`, {
        cause: verdict.failure,
      });
    if (verdict.state === 'doubtful')
      this.#log.warn(
        { ...errorFields(verdict.failure), advice: verdict.advice },
        'a bucket may not be usable',
      );
    await this.#journal.open();
    if (this.#options.abortUploadsAfterHours > 0) this.#orphans.start();
  }

  /** @throws FileError PERMISSION_DENIED when the role cannot be assumed */
  async admit(session: StorageSession): Promise<void> {
    const { role } = this.#accessOf(session);
    if (role === undefined) return;
    try {
      await role.provide();
    } catch (error) {
      if (error instanceof FileError) throw error;
      const fields = { user: session.userName, 'session-id': session.sessionId, role: session.role };
      this.#log.warn({ ...fields, ...errorFields(error) }, 'the role of a user cannot be assumed');
      throw new FileError('PERMISSION_DENIED', 'the role of the user cannot be assumed', { cause: error });
    }
  }

  attach(session: StorageSession, root: VirtualPath = ROOT): FileSystem {
    const { memory, partMegabytes, partsInFlight } = this.#options;
    return new S3FileSystem({
      store: this.#accessOf(session).store,
      session,
      root,
      pool: this.#pool,
      emptied: this.#emptied,
      uploads: {
        memory,
        firstPartBytes: partMegabytes * BYTES_PER_MEGABYTE,
        partsInFlight,
        onTimesLost: (key, error) =>
          this.#log.warn(
            { key, ...errorFields(error) },
            'an object is stored without the time its client set',
          ),
      },
      onUnreadableName: () => this.#log.debug({}, 'a key that no path can spell is not listed'),
    });
  }

  async close(): Promise<void> {
    await this.#orphans.stop();
    await this.#journal.close();
    this.#connections.close();
  }

  async #check(signal: AbortSignal): Promise<BucketVerdict> {
    try {
      if (this.#tokens === undefined)
        return await checkBucket(this.#makeClient(this.#options.credentials), this.#options.bucket, signal);
      // Who assumes roles need not have a right of their own to the bucket.
      await this.#tokens.checkOwnKeys(signal);
      return { state: 'usable' };
    } catch (error) {
      if (error instanceof S3Failure) return judgeFailure(error);
      const failure = new S3Failure('start', toFileError(error).code, { cause: error });
      return { state: 'doubtful', advice: 'it does not answer', failure };
    }
  }

  /** The session object is one and the same for all that a session attaches. */
  #accessOf(session: StorageSession): SessionAccess {
    if (this.#tokens === undefined) return this.#ownAccess;
    const known = this.#roleAccess.get(session);
    if (known !== undefined) return known;
    const role = new RoleCredentials(this.#tokens, session);
    const access = { role, store: this.#makeStore(role.provide, session.role) };
    this.#roleAccess.set(session, access);
    return access;
  }

  #housekeepingStore(role: string | undefined): ObjectStore {
    if (this.#tokens === undefined || role === undefined) return this.#ownAccess.store;
    const user: RoleUser = { ...HOUSEKEEPER, role, signal: AbortSignal.timeout(HOUR_MS) };
    return this.#makeStore(new RoleCredentials(this.#tokens, user).provide, role);
  }

  #makeClient(credentials: CredentialSource | undefined) {
    const { endpoint, region, pathStyle } = this.#options;
    return makeClient({ endpoint, region, pathStyle, credentials, connections: this.#connections });
  }

  #makeStore(credentials: CredentialSource | undefined, role?: string): ObjectStore {
    const { bucket, requestTimeoutSeconds, serverSideEncryption } = this.#options;
    const journal = this.#journal;
    return new SdkObjectStore({
      client: this.#makeClient(credentials),
      bucket,
      requestTimeoutMs: requestTimeoutSeconds * MS,
      serverSideEncryption,
      record: {
        begun: (uploadId, key) => journal.begun(uploadId, key, role),
        active: (uploadId) => journal.active(uploadId),
        ended: (uploadId) => journal.ended(uploadId),
      },
    });
  }
}
