/** `drawbridge serve`: starts the servers of a configuration, or the demo, and runs until it is told to stop. */

import { rm } from 'node:fs/promises';
import { Command } from 'commander';
import { ListenError } from '../endpoint/sftp-endpoint.ts';
import { FileError } from '../files/error.ts';
import { loadConfiguration } from '../node/config/load.ts';
import { ConfigurationError } from '../node/config/problem.ts';
import { configurationSummary } from '../node/config/reference.ts';
import { DataFolder, DataFolderError, publishFile } from '../node/data-folder.ts';
import { type DemoUser, setUpDemo } from '../node/demo.ts';
import { DrawbridgeNode, type RunningServer } from '../node/node.ts';
import { productVersion } from '../node/version.ts';
import { createLog, errorFields, type Log } from '../telemetry/log.ts';
import { welcomeText } from './welcome.ts';

interface ServeOptions {
  readonly config?: string;
  readonly data?: string;
  readonly readyFile?: string;
}

export function serveCommand(): Command {
  return new Command('serve')
    .description('Start the servers. Without --config: a demo server with one user, on 127.0.0.1:2222.')
    .option('--config <file>', 'configuration file, usually drawbridge.yaml')
    .option('--data <dir>', 'data folder, in place of the one the configuration names')
    .option('--ready-file <file>', 'file to write, as JSON, once everything listens')
    .addHelpText('after', () => `\nKeys of the configuration file:\n${configurationSummary()}`)
    .action(async (options: ServeOptions) => {
      try {
        await serve(options);
      } catch (error) {
        process.stderr.write(`${explain(error)}\n`);
        process.exitCode = 1;
      }
    });
}

async function serve(options: ServeOptions): Promise<void> {
  const version = productVersion();
  const configuration = await loadConfiguration({
    ...(options.config === undefined ? {} : { file: options.config }),
    ...(options.data === undefined ? {} : { dataOverride: options.data }),
    environment: process.env,
  });
  const log = createLog({ level: configuration.log.level });
  keepAlive(log);
  // Whoever waits for the file must not take the one of an earlier run for ours. What keeps it there is said at the end.
  if (options.readyFile !== undefined) await rm(options.readyFile, { force: true }).catch(() => undefined);
  const data = await DataFolder.open(configuration.data);
  const demo = configuration.origin === 'embedded' ? await setUpDemo(data) : undefined;
  const node = new DrawbridgeNode({ configuration, data, version, log });
  const servers = await node.start();
  const stopped = stopOnSignal(node, log);
  try {
    if (options.readyFile !== undefined)
      await publishFile(options.readyFile, readyText(version, servers, demo));
  } catch (error) {
    await node.stop();
    throw error;
  }
  process.stdout.write(welcomeText({ version, configuration, servers, demo }));
  await stopped;
  log.info({}, 'stopped');
  process.exit(0);
}

/** What `--ready-file` receives. */
function readyText(version: string, servers: readonly RunningServer[], demo: DemoUser | undefined): string {
  const ready = {
    version,
    servers: servers.map(({ serverId, listen }) => ({ serverId, listen })),
    ...(demo?.password === undefined
      ? {}
      : { demoUser: { userName: demo.userName, password: demo.password } }),
  };
  return `${JSON.stringify(ready, null, 2)}\n`;
}

/** Resolves when the first SIGTERM or SIGINT has been carried out; a second one does not wait for transfers. */
function stopOnSignal(node: DrawbridgeNode, log: Log): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let isStopping = false;
  const stop = (signal: NodeJS.Signals): void => {
    if (isStopping) process.exit(1);
    isStopping = true;
    log.info({ signal }, 'stopping: no new connections, open transfers may end');
    node.stop().then(resolve, reject);
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  // Under an old Node the launcher is our parent; where it was killed nobody would ever stop us.
  process.once('disconnect', () => isStopping || stop('SIGTERM'));
  return promise;
}

/**
 * A promise that nobody waited for is a mistake of ours that concerns one session; ending the process would cut off
 * everybody else's. An uncaught exception may have left anything behind, so that one ends it.
 */
function keepAlive(log: Log): void {
  process.on('unhandledRejection', (reason) => log.error(errorFields(reason), 'an error was not handled'));
}

/** One clear line for what an operator can mend; everything else with its stack, to be reported. */
function explain(error: unknown): string {
  const isOperational =
    error instanceof ConfigurationError ||
    error instanceof DataFolderError ||
    error instanceof ListenError ||
    error instanceof FileError;
  if (isOperational) return `drawbridge: ${error.message}`;
  return `drawbridge: unexpected error, please report it\n${error instanceof Error ? error.stack : String(error)}`;
}
