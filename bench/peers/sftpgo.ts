/** SFTPGo in its portable mode: one user, one folder, no database. */

import { runSuccessfully } from '../../test/interop/lab/command.ts';
import { cleanEnvironment } from '../../test/interop/lab/environment.ts';
import type { KeyPair } from '../../test/interop/lab/keys.ts';
import { freePort } from '../../test/interop/lab/port.ts';
import { USER_NAME } from '../competitor.ts';
import { findProgram } from '../installed.ts';
import { LOOPBACK, startLocalServer } from '../local-server.ts';
import type { Peer, RunningPeer } from '../peer.ts';

const PROGRAM = process.env.DRAWBRIDGE_BENCH_SFTPGO ?? 'sftpgo';

export const sftpgo: Peer = {
  name: 'SFTPGo',
  receiveWindowBytes: 2 * 2 ** 20,
  hasProcessPerConnection: false,
  async whyAbsent() {
    return (await findProgram(PROGRAM)) === undefined ? `${PROGRAM} is not installed` : undefined;
  },
  start: ({ filesFolder, ...place }) => startSftpgo({ ...place, storageArgs: ['--directory', filesFolder] }),
};

export interface SftpgoOptions {
  readonly folder: string;
  /** Where the files are, in its own words. */
  readonly storageArgs: readonly string[];
  readonly key: KeyPair;
  readonly signal: AbortSignal;
}

export async function startSftpgo({ folder, storageArgs, key, signal }: SftpgoOptions): Promise<RunningPeer> {
  const port = await freePort(LOOPBACK);
  const server = await startLocalServer({
    program: PROGRAM,
    args: [
      ...['portable', ...storageArgs, '--sftpd-port', String(port), '--permissions', '*'],
      ...['--username', USER_NAME, '--public-key', key.publicKey, '--log-level', 'error'],
    ],
    folder,
    port,
  });
  const environment = cleanEnvironment(folder);
  const { output } = await runSuccessfully({ program: PROGRAM, args: ['--version'], environment, signal });
  return {
    version: output.trim(),
    address: { host: LOOPBACK, port, userName: USER_NAME, remoteFolder: '/' },
    processId: server.processId,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
