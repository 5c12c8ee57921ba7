/** What moves files into and out of a bucket: an SFTP client through a server, or a program with the AWS SDK. */

import type { KeyPair } from '../../test/interop/lab/keys.ts';
import type { Start } from '../competitor.ts';
import { LoadClient } from '../load-client.ts';
import { OpenSshClient } from '../openssh-client.ts';
import type { ServerAddress } from '../peer.ts';

/** The cipher of the suite `sftp`'s first rows. */
const ALGORITHMS = { cipher: 'aes128-gcm@openssh.com' };

export interface Listing {
  readonly seconds: number;
  readonly firstSeconds: number;
  readonly entries: number;
}

/** Names are those of files in the user's home. */
export interface Mover {
  /** @returns seconds. */
  put(local: string, name: string): Promise<number>;
  /** @returns seconds. */
  get(name: string, local: string): Promise<number>;
  /** Reads a folder to its end. */
  list(name: string): Promise<Listing>;
}

/** A mover through an SFTP server, with what other clients need to reach the same server. */
export interface SftpMover extends Mover {
  readonly address: ServerAddress;
  readonly knownHostsFile: string;
  readonly key: KeyPair;
}

export async function connectMover(
  address: ServerAddress,
  folder: string,
  { key, signal }: Pick<Start, 'key' | 'signal'>,
): Promise<SftpMover> {
  const client = await OpenSshClient.connectTo(address, key, folder, signal);
  const { knownHostsFile } = client;
  const loadClient = new LoadClient({ address, key, knownHostsFile, folder, signal });
  return {
    address,
    knownHostsFile,
    key,
    put: (local, name) => client.put(local, name, ALGORITHMS),
    get: (name, local) => client.get(name, local, ALGORITHMS),
    list: (name) => loadClient.list(name),
  };
}
