/** `rclone serve sftp` on a local folder; its engine is the one of most servers written in Go. */

import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { runSuccessfully } from '../../test/interop/lab/command.ts';
import { cleanEnvironment } from '../../test/interop/lab/environment.ts';
import { generateKey } from '../../test/interop/lab/keys.ts';
import { freePort } from '../../test/interop/lab/port.ts';
import { findProgram } from '../installed.ts';
import { LOOPBACK, startLocalServer } from '../local-server.ts';
import { type Peer, USER_NAME } from '../peer.ts';

const PROGRAM = 'rclone';

export const rclone: Peer = {
  name: 'rclone',
  receiveWindowBytes: 2 * 2 ** 20,
  hasProcessPerConnection: false,
  async whyAbsent() {
    return (await findProgram(PROGRAM)) === undefined ? 'rclone is not installed' : undefined;
  },
  async start({ folder, filesFolder, key, signal }) {
    const authorizedKeysFile = path.join(folder, 'authorized_keys');
    await writeFile(authorizedKeysFile, `${key.publicKey}\n`);
    const hostKey = await generateKey(path.join(folder, 'host_key'), 'ed25519', signal);
    const port = await freePort(LOOPBACK);
    const server = await startLocalServer({
      program: PROGRAM,
      args: [
        ...['serve', 'sftp', filesFolder, '--addr', `${LOOPBACK}:${port}`, '--user', USER_NAME],
        ...['--authorized-keys', authorizedKeysFile, '--key', hostKey.file],
        ...['--config', path.join(folder, 'rclone.conf')],
      ],
      folder,
      port,
    });
    return {
      version: await rcloneVersion(folder, signal),
      address: { host: LOOPBACK, port, userName: USER_NAME, remoteFolder: '/' },
      processId: server.processId,
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  },
};

async function rcloneVersion(folder: string, signal: AbortSignal): Promise<string> {
  const environment = cleanEnvironment(folder);
  const { output } = await runSuccessfully({ program: PROGRAM, args: ['version'], environment, signal });
  return output.split('\n')[0] ?? 'rclone of unknown version';
}
