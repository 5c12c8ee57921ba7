/** `rclone serve sftp` on a local folder; its engine is the one of most servers written in Go. */

import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { runSuccessfully } from '../../test/interop/lab/command.ts';
import { cleanEnvironment } from '../../test/interop/lab/environment.ts';
import { generateKey, type KeyPair } from '../../test/interop/lab/keys.ts';
import { freePort } from '../../test/interop/lab/port.ts';
import { USER_NAME } from '../competitor.ts';
import { findProgram } from '../installed.ts';
import { LOOPBACK, startLocalServer } from '../local-server.ts';
import type { Peer, RunningPeer } from '../peer.ts';

const PROGRAM = 'rclone';

export const rclone: Peer = {
  name: 'rclone',
  receiveWindowBytes: 2 * 2 ** 20,
  hasProcessPerConnection: false,
  async whyAbsent() {
    return (await findProgram(PROGRAM)) === undefined ? 'rclone is not installed' : undefined;
  },
  start: ({ filesFolder, ...place }) => startRclone({ ...place, served: filesFolder }),
};

export interface RcloneOptions {
  /** Gets the keys and the log; `rclone.conf` in it is read. */
  readonly folder: string;
  /** A folder, or a remote of the configuration with a path. */
  readonly served: string;
  readonly moreArgs?: readonly string[];
  readonly key: KeyPair;
  readonly signal: AbortSignal;
}

export async function startRclone(options: RcloneOptions): Promise<RunningPeer> {
  const { folder, served, moreArgs = [], key, signal } = options;
  const authorizedKeysFile = path.join(folder, 'authorized_keys');
  await writeFile(authorizedKeysFile, `${key.publicKey}\n`);
  const hostKey = await generateKey(path.join(folder, 'host_key'), 'ed25519', signal);
  const port = await freePort(LOOPBACK);
  const server = await startLocalServer({
    program: PROGRAM,
    args: [
      ...['serve', 'sftp', served, '--addr', `${LOOPBACK}:${port}`, '--user', USER_NAME],
      ...['--authorized-keys', authorizedKeysFile, '--key', hostKey.file],
      ...['--config', path.join(folder, 'rclone.conf'), ...moreArgs],
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
}

async function rcloneVersion(folder: string, signal: AbortSignal): Promise<string> {
  const environment = cleanEnvironment(folder);
  const { output } = await runSuccessfully({ program: PROGRAM, args: ['version'], environment, signal });
  return output.split('\n')[0] ?? 'rclone of unknown version';
}
