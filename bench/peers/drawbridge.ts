/** Drawbridge as the checkout has it, logged into through a function. */

import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { findDrawbridge, startDrawbridge } from '../../test/interop/lab/drawbridge.ts';
import type { KeyPair } from '../../test/interop/lab/keys.ts';
import { USER_NAME } from '../competitor.ts';
import type { Peer, RunningPeer } from '../peer.ts';

/** The AWS policy with chacha20-poly1305@openssh.com. */
const OLD_POLICY = 'TransferSecurityPolicy-2020-06';
/** Room for every row; the peers get as much. */
const LIMITS = {
  maxConnections: 10_000,
  maxUnauthenticatedConnections: 1000,
  maxUnauthenticatedPerAddress: 1000,
};

export const drawbridge: Peer = {
  name: 'Drawbridge',
  receiveWindowBytes: 16 * 2 ** 20,
  hasProcessPerConnection: false,
  async whyAbsent() {
    return (await findDrawbridge()) === undefined ? 'this checkout has no server' : undefined;
  },
  start: ({ folder, filesFolder, key, offersOldAlgorithms }) =>
    startPeer({
      folder,
      // The function gives its user the folder of the user's name in the bucket.
      bucket: { path: path.dirname(filesFolder) },
      key,
      ...(offersOldAlgorithms && { securityPolicyName: OLD_POLICY }),
    }),
};

export interface PeerOptions {
  readonly folder: string;
  /** As in the section `storage.buckets` of the configuration. */
  readonly bucket: Readonly<Record<string, unknown>>;
  readonly key: KeyPair;
  readonly securityPolicyName?: string;
}

export async function startPeer({ key, ...options }: PeerOptions): Promise<RunningPeer> {
  const running = await startDrawbridge({
    ...options,
    password: randomBytes(18).toString('base64url'),
    publicKeys: [key.publicKey],
    limits: LIMITS,
  });
  const { version, host, port, server } = running;
  return {
    version,
    address: { host, port, userName: USER_NAME, remoteFolder: '/' },
    processId: server.processId,
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
}
