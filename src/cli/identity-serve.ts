/** `drawbridge identity serve`: a function of the configuration as an HTTP method, for servers elsewhere. */

import { isIP } from 'node:net';
import { createSecureContext } from 'node:tls';
import { Command } from 'commander';
import type { ListenAddress } from '../endpoint/sftp-endpoint.ts';
import { IdentityError, type IdentityProvider } from '../identity/index.ts';
import { Access } from '../identity/serve/access.ts';
import { KeyFileError, readApiKeys, readSigningKeys, readText } from '../identity/serve/key-files.ts';
import { MethodServer, type Served } from '../identity/serve/method-server.ts';
import { type Configuration, loadConfiguration } from '../node/config/load.ts';
import { ConfigurationError } from '../node/config/problem.ts';
import { parseListenAddress } from '../node/config/schema/servers.ts';
import { functionProvider } from '../node/functions.ts';
import { createLog, errorFields, type Log } from '../telemetry/log.ts';

interface ServeOptions {
  readonly config: string;
  readonly function?: string;
  readonly listen: string;
  readonly apiKeyFile?: string;
  readonly signingKeysFile?: string;
  readonly tlsKey?: string;
  readonly tlsCert?: string;
  readonly plainHttp?: true;
}

/** The command line asks for something that is not done; the text names the fix. */
class UsageError extends Error {}

export function identityServeCommand(): Command {
  return new Command('serve')
    .description(
      'Serve a function of the configuration as GET /servers/{serverId}/users/{username}/config, the API_GATEWAY form of a ' +
        'custom identity provider.',
    )
    .requiredOption('--config <file>', 'configuration file, usually drawbridge.yaml')
    .option('--function <arn>', 'ARN of the function, where the configuration has more than one')
    .option('--listen <host:port>', 'address to listen on', '127.0.0.1:8080')
    .option('--api-key-file <file>', 'API keys that callers may send as x-api-key, one in a line')
    .option(
      '--signing-keys-file <file>',
      'keys that callers may sign with (SigV4, service execute-api): a YAML or JSON list of accessKeyId and secretAccessKey',
    )
    .option('--tls-key <file>', 'private key as PEM')
    .option('--tls-cert <file>', 'certificate chain as PEM')
    .option('--plain-http', 'listen without TLS beyond this machine: something in front ends it')
    .action(async (options: ServeOptions) => {
      try {
        await serve(options);
      } catch (error) {
        process.stderr.write(`drawbridge: ${explain(error)}\n`);
        process.exitCode = 1;
      }
    });
}

async function serve(options: ServeOptions): Promise<void> {
  const address = addressOf(options.listen);
  const tls = await tlsOf(options);
  const access = await accessOf(options);
  refuseOpenDoors(options, address);
  const configuration = await loadConfiguration({ file: options.config, environment: process.env });
  const log = createLog({ level: configuration.log.level });
  const arn = functionOf(configuration, options.function);
  const provider = functionProvider(arn, configuration, ({ stream, line }) =>
    log.info({ function: arn, stream, line }, 'a function printed'),
  );
  const server = new MethodServer({
    provider,
    access,
    ...(tls === undefined ? {} : { tls }),
    onServed: (served) => logServed(log, served),
  });
  const stopped = stopOnSignal(log, server, provider);
  const { port } = await server.listen(address.host, address.port);
  process.stdout.write(
    `${arn}\nis served at ${tls === undefined ? 'http' : 'https'}://${shown(address.host)}:${port}\n`,
  );
  provider.check().catch((error: unknown) => {
    if (error instanceof IdentityError && error.code === 'ABORTED') return;
    log.error({ function: arn, ...errorFields(error) }, 'an identity-provider function cannot be used');
  });
  await stopped;
}

function functionOf({ functions }: Configuration, wanted: string | undefined): string {
  const arns = Object.keys(functions);
  const [arn] = wanted === undefined ? arns : arns.filter((each) => each === wanted);
  if (wanted === undefined && arns.length > 1)
    throw new UsageError(`name one of the functions by --function:\n${arns.join('\n')}`);
  if (arn === undefined)
    throw new UsageError(`the configuration holds no function ${wanted ?? ''}`.trimEnd());
  return arn;
}

function addressOf(listen: string): ListenAddress {
  const address = parseListenAddress(listen);
  if (address === undefined)
    throw new UsageError(`--listen ${listen}: write host:port or [IPv6 address]:port`);
  return address;
}

/** Passwords must not cross a network in clear, and nobody may try them without being known. */
function refuseOpenDoors(options: ServeOptions, { host }: ListenAddress): void {
  if (isLoopback(host)) return;
  if (options.tlsCert === undefined && options.plainHttp === undefined)
    throw new UsageError('passwords would travel in clear: give --tls-key and --tls-cert, or --plain-http');
  if (options.apiKeyFile === undefined && options.signingKeysFile === undefined)
    throw new UsageError('anybody could try passwords: give --api-key-file or --signing-keys-file');
}

async function tlsOf({ tlsKey, tlsCert }: ServeOptions): Promise<{ key: string; cert: string } | undefined> {
  if ((tlsKey === undefined) !== (tlsCert === undefined))
    throw new UsageError('--tls-key and --tls-cert belong together');
  if (tlsKey === undefined || tlsCert === undefined) return undefined;
  const tls = { key: await readText(tlsKey), cert: await readText(tlsCert) };
  try {
    createSecureContext(tls);
  } catch {
    throw new UsageError(`${tlsKey} and ${tlsCert} are not a private key and its certificate as PEM`);
  }
  return tls;
}

async function accessOf({ apiKeyFile, signingKeysFile }: ServeOptions): Promise<Access> {
  return new Access({
    apiKeys: apiKeyFile === undefined ? [] : await readApiKeys(apiKeyFile),
    signingKeys: signingKeysFile === undefined ? [] : await readSigningKeys(signingKeysFile),
  });
}

/** Resolves when open questions have ended after the first SIGTERM or SIGINT; a second one does not wait. */
function stopOnSignal(log: Log, server: MethodServer, provider: IdentityProvider): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let isStopping = false;
  const stop = (signal: NodeJS.Signals): void => {
    if (isStopping) process.exit(1);
    isStopping = true;
    log.info({ signal }, 'stopping: no new requests, open ones may end');
    void server
      .stop()
      .then(() => provider.close())
      .then(() => resolve());
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  return promise.then(() => {
    log.info({}, 'stopped');
    process.exit(0);
  });
}

function logServed(log: Log, { login, ...served }: Served): void {
  const fields =
    login === undefined
      ? {}
      : {
          user: login.username,
          'server-id': login.serverId,
          protocol: login.protocol,
          'source-ip': login.sourceIp,
        };
  log.info({ ...fields, ...served }, 'a request was answered');
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

function shown(host: string): string {
  return isIP(host) === 6 ? `[${host}]` : host;
}

function explain(error: unknown): string {
  const isOperational =
    error instanceof UsageError || error instanceof KeyFileError || error instanceof ConfigurationError;
  // `listen` fails with the system's error, which names the address.
  const isSystem = error instanceof Error && 'syscall' in error;
  if (isOperational || isSystem) return error.message;
  return `unexpected error, please report it\n${error instanceof Error ? error.stack : String(error)}`;
}
