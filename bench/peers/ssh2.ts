/** A minimal server on the npm package `ssh2`: what Node gives without a server of our own. */

import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { generateKey } from '../../test/interop/lab/keys.ts';
import { freePort } from '../../test/interop/lab/port.ts';
import { USER_NAME } from '../competitor.ts';
import { LOOPBACK, startLocalServer } from '../local-server.ts';
import type { Peer } from '../peer.ts';

const PROGRAM = fileURLToPath(new URL('ssh2-server.mjs', import.meta.url));
const PACKAGE_FILE = new URL('../../.cache/npm-clients/node_modules/ssh2/package.json', import.meta.url);

export const ssh2: Peer = {
  name: 'ssh2',
  receiveWindowBytes: 2 * 2 ** 20,
  hasProcessPerConnection: false,
  async whyAbsent() {
    return (await packageVersion()) === undefined ? '.ci/install-clients has not installed it' : undefined;
  },
  async start({ folder, filesFolder, key, signal }) {
    const hostKey = await generateKey(`${folder}/host_key`, 'ed25519', signal);
    const port = await freePort(LOOPBACK);
    const server = await startLocalServer({
      program: process.execPath,
      args: [PROGRAM, LOOPBACK, String(port), USER_NAME, hostKey.file, `${key.file}.pub`, filesFolder],
      folder,
      port,
    });
    return {
      version: `ssh2 ${await packageVersion()} on Node ${process.versions.node}`,
      address: { host: LOOPBACK, port, userName: USER_NAME, remoteFolder: '/' },
      processId: server.processId,
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  },
};

async function packageVersion(): Promise<string | undefined> {
  try {
    const content: unknown = JSON.parse(await readFile(PACKAGE_FILE, 'utf8'));
    const hasVersion = typeof content === 'object' && content !== null && 'version' in content;
    return hasVersion ? String(content.version) : undefined;
  } catch {
    return undefined;
  }
}
