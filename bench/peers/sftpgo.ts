/** SFTPGo in its portable mode: one user, one folder, no database. */

import { runSuccessfully } from '../../test/interop/lab/command.ts';
import { cleanEnvironment } from '../../test/interop/lab/environment.ts';
import { freePort } from '../../test/interop/lab/port.ts';
import { findProgram } from '../installed.ts';
import { LOOPBACK, startLocalServer } from '../local-server.ts';
import { type Peer, USER_NAME } from '../peer.ts';

const PROGRAM = process.env.DRAWBRIDGE_BENCH_SFTPGO ?? 'sftpgo';

export const sftpgo: Peer = {
  name: 'SFTPGo',
  receiveWindowBytes: 2 * 2 ** 20,
  hasProcessPerConnection: false,
  async whyAbsent() {
    return (await findProgram(PROGRAM)) === undefined ? `${PROGRAM} is not installed` : undefined;
  },
  async start({ folder, filesFolder, key, signal }) {
    const port = await freePort(LOOPBACK);
    const server = await startLocalServer({
      program: PROGRAM,
      args: [
        ...['portable', '--directory', filesFolder, '--sftpd-port', String(port), '--permissions', '*'],
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
  },
};
