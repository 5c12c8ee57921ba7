/** What the peers that we start from a command line share: a loopback port, a wait until they answer, an orderly stop. */

import path from 'node:path';
import { cleanEnvironment } from '../test/interop/lab/environment.ts';
import { canConnect } from '../test/interop/lab/port.ts';
import { ServerProcess } from '../test/interop/lab/server-process.ts';

export const LOOPBACK = '127.0.0.1';
const START_TIMEOUT_MS = 20_000;

export interface LocalServerCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Gets the log; is the home of the program. */
  readonly folder: string;
  readonly port: number;
}

/** @throws Error with the end of the log when the program ends or does not listen in time. */
export async function startLocalServer(command: LocalServerCommand): Promise<ServerProcess> {
  const { program, args, environment, folder, port } = command;
  const server = await ServerProcess.start({
    program,
    args,
    environment: { ...cleanEnvironment(folder), ...environment },
    logFile: path.join(folder, 'server.log'),
  });
  try {
    await server.waitUntil(() => canConnect(LOOPBACK, port), START_TIMEOUT_MS);
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}
