/** The composition root: configuration in, listening servers out. The only place that knows every room. */

import { readRevocations } from '../endpoint/revocations.ts';
import type { SecurityPolicy } from '../endpoint/security-policies.ts';
import { findSecurityPolicy } from '../endpoint/security-policy.ts';
import type { ServerSettings } from '../endpoint/server-settings.ts';
import { SessionRegistry } from '../endpoint/session-registry.ts';
import type { ListenAddress } from '../endpoint/sftp-endpoint.ts';
import { SftpEndpoint } from '../endpoint/sftp-endpoint.ts';
import { IdentityError, type IdentityProvider, SourceRule } from '../identity/index.ts';
import {
  type HostKey,
  KexGate,
  PaddingSource,
  parseAuthorityKey,
  Scratch,
  Turns,
  WindowBudget,
} from '../ssh/index.ts';
import { errorFields, type Log } from '../telemetry/log.ts';
import { accessPointsOf, fileSystemsOf, rolesOf } from './access.ts';
import type { Configuration, ServerConfiguration } from './config/load.ts';
import type { DataFolder } from './data-folder.ts';
import { providerKey, providerOf } from './functions.ts';
import { openHostKeys, readHostKeys, usableKeys } from './host-keys.ts';
import { Storages } from './storages.ts';

/**
 * By how much the receive windows of all channels may grow beyond their first 2 MiB, together: four grow to the full. What
 * is in a window while the storage makes its client wait is held in memory.
 */
const WINDOW_GROWTH_BYTES = 64 * 1024 * 1024;
const MS = 1000;
const BYTES_PER_MEGABYTE = 1024 * 1024;

const PROMPTS = {
  DISABLED: 'none',
  ENABLED: 'password-first',
  PROVIDER: 'provider',
} as const satisfies Record<string, ServerSettings['prompts']>;

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
  /** The host keys that clients can meet, with their SHA256 fingerprints. */
  readonly hostKeys: readonly { readonly type: string; readonly fingerprint: string }[];
}

/** Life: construct (no side effects) → `start` → `stop`. A failed start leaves nothing open. */
export class DrawbridgeNode {
  readonly #options: NodeOptions;
  readonly #registry: SessionRegistry;
  readonly #endpoints: SftpEndpoint[] = [];
  readonly #storages: Storages;
  readonly #roles: ServerSettings['roles'];
  readonly #fileSystems: ServerSettings['fileSystems'];
  readonly #accessPoints: ServerSettings['accessPoints'];
  readonly #providers = new Map<string, IdentityProvider>();
  #installationKeys: Promise<readonly HostKey[]> | undefined;

  constructor(options: NodeOptions) {
    this.#options = options;
    const { limits, storage } = options.configuration;
    this.#storages = new Storages(storage, options.data, options.log);
    this.#roles = rolesOf(options.configuration);
    this.#fileSystems = fileSystemsOf(options.configuration);
    this.#accessPoints = accessPointsOf(options.configuration);
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
    await this.#storages.close();
  }

  async #start(): Promise<readonly RunningServer[]> {
    const { configuration, version, log } = this.#options;
    await this.#storages.open();
    this.#openProviders();
    const shared = {
      padding: new PaddingSource(),
      scratch: new Scratch(),
      budget: new WindowBudget(WINDOW_GROWTH_BYTES),
      kexGate: new KexGate(),
      turns: new Turns(),
    };
    const { rekeyAfterSeconds } = configuration.limits;
    const running: RunningServer[] = [];
    for (const server of configuration.servers) {
      const settings = this.#settingsOf(server);
      const hostKeys = await this.#hostKeysOf(server, settings.securityPolicy);
      const endpoint = new SftpEndpoint({
        settings,
        listen: server.listen.SFTP,
        hostKeys,
        shared,
        softwareVersion: `Drawbridge_${version}`,
        maxLoginFailures: configuration.limits.maxLoginAttempts,
        loginGraceMs: configuration.limits.loginGraceSeconds * MS,
        idleTimeoutMs: configuration.limits.idleTimeoutSeconds * MS,
        rekeyBytes: configuration.limits.rekeyAfterMegabytes * BYTES_PER_MEGABYTE,
        rekeyMs: rekeyAfterSeconds === undefined ? undefined : rekeyAfterSeconds * MS,
        registry: this.#registry,
        log,
      });
      const address = await endpoint.start();
      this.#endpoints.push(endpoint);
      const shown = usableKeys(hostKeys, settings.securityPolicy).map(({ publicKey, fingerprint }) => ({
        type: publicKey.type,
        fingerprint,
      }));
      running.push({ serverId: server.ServerId, listen: { SFTP: address }, hostKeys: shown });
      log.info({ 'server-id': server.ServerId, ...address }, 'a server listens for SFTP');
    }
    return running;
  }

  /** The installation's own keys are made when the first server needs them. */
  async #hostKeysOf(server: ServerConfiguration, policy: SecurityPolicy): Promise<readonly HostKey[]> {
    if (server.HostKeys !== undefined) return readHostKeys(server.HostKeys, policy, this.#options.log);
    this.#installationKeys ??= openHostKeys(this.#options.data);
    return this.#installationKeys;
  }

  #settingsOf(server: ServerConfiguration): ServerSettings {
    const { SftpAuthenticationMethods, KeyboardInteractive } = server.IdentityProviderDetails;
    const provider = this.#providers.get(providerKey(server));
    if (provider === undefined) throw new TypeError(`${server.ServerId} has no identity provider`);
    return {
      serverId: server.ServerId,
      domain: server.Domain,
      securityPolicy: policyOf(server),
      provider,
      authenticationMethods: SftpAuthenticationMethods,
      prompts: PROMPTS[KeyboardInteractive],
      trustedAuthorities: server.TrustedUserCAKeys.map(parseAuthorityKey),
      sources: new SourceRule(server.SourceNetworks, server.DeniedNetworks),
      revocations: readRevocations(server.RevokedKeys, server.RevokedCertificates),
      preAuthenticationBanner: server.PreAuthenticationLoginBanner ?? '',
      postAuthenticationBanner: server.PostAuthenticationLoginBanner ?? '',
      partialUploads: server.PartialUploads === 'STORE' ? 'store' : 'discard',
      directoryListing:
        server.S3StorageOptions.DirectoryListingOptimization === 'ENABLED' ? 'optimized' : 'markers',
      ignoresSetStat: server.Domain === 'S3' && server.ProtocolDetails.SetStatOption === 'ENABLE_NO_OP',
      roles: this.#roles,
      storages: server.Domain === 'S3' ? this.#storages.buckets : this.#storages.fileSystems,
      fileSystems: this.#fileSystems,
      accessPoints: this.#accessPoints,
    };
  }

  /** A provider that cannot be asked is said at start, and tried again at each login: its owner may mend it meanwhile. */
  #openProviders(): void {
    const { log, configuration } = this.#options;
    for (const server of configuration.servers) {
      const key = providerKey(server);
      if (this.#providers.has(key)) continue;
      const provider = providerOf(server, configuration, ({ stream, line }) =>
        log.info({ function: key, stream, line }, 'a function printed'),
      );
      this.#providers.set(key, provider);
      provider.check().catch((error: unknown) => {
        if (error instanceof IdentityError && error.code === 'ABORTED') return;
        log.error({ function: key, ...errorFields(error) }, 'an identity provider cannot be used');
      });
    }
  }
}

/** @throws TypeError for a name that the configuration's schema does not know */
function policyOf({ SecurityPolicyName }: ServerConfiguration): SecurityPolicy {
  const policy = findSecurityPolicy(SecurityPolicyName);
  if (policy === undefined) throw new TypeError(`there is no security policy ${SecurityPolicyName}`);
  return policy;
}
