/** Drawbridge as the checkout has it, logged into through a function. */

import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { findDrawbridge, startDrawbridge } from '../../test/interop/lab/drawbridge.ts';
import type { Peer } from '../peer.ts';

/** The user of the function whose home is the folder of its name in the bucket. */
const USER_NAME = 'interop';

export const drawbridge: Peer = {
  name: 'Drawbridge',
  async whyAbsent() {
    return (await findDrawbridge()) === undefined ? 'this checkout has no server' : undefined;
  },
  async start({ folder, filesFolder, key }) {
    const running = await startDrawbridge({
      folder,
      bucketFolder: filesFolder,
      password: randomBytes(18).toString('base64url'),
      publicKeys: [key.publicKey],
    });
    const { version, host, port, server } = running;
    const homeFolder = path.join(filesFolder, USER_NAME);
    await mkdir(homeFolder);
    return {
      version,
      host,
      port,
      userName: USER_NAME,
      processId: server.processId,
      remoteFolder: '/',
      filesFolder: homeFolder,
      [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
    };
  },
};
