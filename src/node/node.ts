/** The composition root: configuration in, listening servers out. The only place that knows every room. */

import type { ServerSettings } from '../endpoint/server-settings.ts';
import { SessionRegistry } from '../endpoint/session-registry.ts';
import type { ListenAddress } from '../endpoint/sftp-endpoint.ts';
import { SftpEndpoint } from '../endpoint/sftp-endpoint.ts';
import { PosixStorage } from '../files/storage/posix/storage.ts';
import type { Storage } from '../files/storage.ts';
import { IdentityError, type IdentityProvider, LocalFunction, parseFunctionArn } from '../identity/index.ts';
import { DEFAULT_PROPOSAL, PaddingSource, Scratch, WindowBudget } from '../ssh/index.ts';
import { errorFields, type Log } from '../telemetry/log.ts';
import type { Configuration, ServerConfiguration } from './config/load.ts';
import { DataFolder } from './data-folder.ts';
import { openHostKeys } from './host-keys.ts';

/** By how much the receive windows of all channels may grow beyond their first 2 MiB, together. */
const WINDOW_GROWTH_BYTES = 256 * 1024 * 1024;
const MS = 1000;

export interface NodeOptions {
  readonly configuration: Configuration;
  readonly data: DataFolder;
  readonly version: string;
  readonly log: Log;
}

/** A server that takes connections. */
export interface RunningServer {
  readonly serverId: string;
  readonly listen: { readonly SFTP: ListenAddress };
  /** SHA256 fingerprints of its host keys, by key type. */
  readonly hostKeyFingerprints: Readonly<Record<string, string>>;
}

/** Life: construct (no side effects) → `start` → `stop`. A failed start leaves nothing open. */
export class DrawbridgeNode {
  readonly #options: NodeOptions;
  readonly #registry: SessionRegistry;
  readonly #endpoints: SftpEndpoint[] = [];
  readonly #storages: Storage[] = [];
  readonly #providers = new Map<string, IdentityProvider>();

  constructor(options: NodeOptions) {
    this.#options = options;
    const { limits } = options.configuration;
    this.#registry = new SessionRegistry({
      maxConnections: limits.maxConnections,
      maxUnauthenticatedConnections: limits.maxUnauthenticatedConnections,
      maxUnauthenticatedPerSource: limits.maxUnauthenticatedPerAddress,
    });
  }

  /** @throws DataFolderError, FileError, ListenError: each names the thing and the fix */
  async start(): Promise<readonly RunningServer[]> {
    try {
      return await this.#start();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Takes nobody new, lets open transfers end within the grace period, and closes everything. */
  async stop(): Promise<void> {
    for (const endpoint of this.#endpoints) endpoint.stopAccepting();
    await this.#registry.drain(this.#options.configuration.shutdownGraceSeconds * MS);
    await Promise.all([...this.#providers.values()].map((provider) => provider.close()));
    await Promise.all(this.#storages.map((storage) => storage.close()));
  }

  async #start(): Promise<readonly RunningServer[]> {
    const { configuration, data, version, log } = this.#options;
    const hostKeys = await openHostKeys(data);
    const storages = await this.#openStorages();
    this.#openFunctions();
    const shared = {
      padding: new PaddingSource(),
      scratch: new Scratch(),
      budget: new WindowBudget(WINDOW_GROWTH_BYTES),
    };
    const running: RunningServer[] = [];
    for (const server of configuration.servers) {
      const endpoint = new SftpEndpoint({
        settings: this.#settingsOf(server, storages),
        listen: server.listen.SFTP,
        hostKeys,
        proposal: DEFAULT_PROPOSAL,
        shared,
        softwareVersion: `Drawbridge_${version}`,
        maxLoginFailures: configuration.limits.maxLoginAttempts,
        loginGraceMs: configuration.limits.loginGraceSeconds * MS,
        idleTimeoutMs: configuration.limits.idleTimeoutSeconds * MS,
        registry: this.#registry,
        log,
      });
      const address = await endpoint.start();
      this.#endpoints.push(endpoint);
      const hostKeyFingerprints = Object.fromEntries(
        hostKeys.map((key) => [key.publicKey.type, key.fingerprint]),
      );
      running.push({ serverId: server.ServerId, listen: { SFTP: address }, hostKeyFingerprints });
      log.info({ 'server-id': server.ServerId, ...address }, 'a server listens for SFTP');
    }
    this.#sayWhoFilesBelongTo();
    return running;
  }

  /** Until sessions act as their own POSIX identity, an operator must know whom the kernel sees. */
  #sayWhoFilesBelongTo(): void {
    const { fileSystems } = this.#options.configuration.storage;
    const bound = Object.keys(fileSystems).filter((id) => fileSystems[id]?.identity === 'profile');
    if (bound.length > 0) {
      const ids = { uid: process.geteuid?.(), gid: process.getegid?.() };
      this.#options.log.warn(
        { fileSystems: bound, ...ids },
        'users whose PosixProfile is not of these ids are refused',
      );
    }
  }

  #settingsOf(server: ServerConfiguration, storages: Storages): ServerSettings {
    const { roles } = this.#options.configuration;
    const { Function: arn, SftpAuthenticationMethods } = server.IdentityProviderDetails;
    const provider = this.#providers.get(arn);
    if (provider === undefined) throw new TypeError(`the configuration names ${arn} and does not hold it`);
    return {
      serverId: server.ServerId,
      domain: server.Domain,
      provider,
      authenticationMethods: SftpAuthenticationMethods,
      preAuthenticationBanner: server.PreAuthenticationLoginBanner ?? '',
      roles: new Map(
        Object.entries(roles).map(([role, { policy }]) => [role, { hasPolicy: policy !== undefined }]),
      ),
      storages: server.Domain === 'S3' ? storages.buckets : storages.fileSystems,
    };
  }

  async #openStorages(): Promise<Storages> {
    const { buckets, fileSystems } = this.#options.configuration.storage;
    return {
      // S3 knows no symbolic links, and a prefix needs no folder to exist.
      buckets: await this.#openEach(buckets, async ({ path }) => {
        // A bucket on disk is ours to make; a file system is somebody's mount and must be there.
        await DataFolder.open(path);
        return new PosixStorage({ root: path, symlinks: 'refuse', identity: 'process', createsHomes: true });
      }),
      fileSystems: await this.#openEach(fileSystems, async ({ path, identity }) => {
        return new PosixStorage({ root: path, symlinks: 'follow-within', identity });
      }),
    };
  }

  async #openEach<T>(
    places: Readonly<Record<string, T>>,
    make: (place: T) => Promise<Storage>,
  ): Promise<Map<string, Storage>> {
    const opened = new Map<string, Storage>();
    for (const [name, place] of Object.entries(places)) {
      const storage = await make(place);
      await storage.open();
      this.#storages.push(storage);
      opened.set(name, storage);
    }
    return opened;
  }

  /** A function that cannot be loaded is said at start, and tried again at each login: its owner may mend it meanwhile. */
  #openFunctions(): void {
    const { log, configuration } = this.#options;
    for (const [arn, settings] of Object.entries(configuration.functions)) {
      const functionArn = parseFunctionArn(arn);
      if (functionArn === undefined)
        throw new TypeError(`the configuration holds ${arn}, which is no function ARN`);
      const provider = new LocalFunction({
        functionArn,
        modulePath: settings.module,
        environment: settings.environment,
        timeoutMs: settings.timeoutSeconds * MS,
        memoryMegabytes: settings.memoryMegabytes,
        maxInstances: settings.maxInstances,
        onLine: ({ stream, line }) => log.info({ function: arn, stream, line }, 'a function printed'),
      });
      this.#providers.set(arn, provider);
      provider.check().catch((error: unknown) => {
        if (error instanceof IdentityError && error.code === 'ABORTED') return;
        log.error({ function: arn, ...errorFields(error) }, 'an identity-provider function cannot be used');
      });
    }
  }
}

interface Storages {
  readonly buckets: ReadonlyMap<string, Storage>;
  readonly fileSystems: ReadonlyMap<string, Storage>;
}
