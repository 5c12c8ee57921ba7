/** The suite `s3`: whatever moves files into a bucket, each with an S3 server of its own. */

import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import {
  isS3ServerInstalled,
  type RunningS3Server,
  type S3ServerKind,
  startS3Server,
} from '../../test/interop/lab/s3-server.ts';
import { type Competitor, type Entrant, type Start, USER_NAME } from '../competitor.ts';
import type { RunningPeer } from '../peer.ts';
import { ProcessTree } from '../process-tree.ts';
import type { Row } from '../row.ts';
import { connectMover, type Mover, type SftpMover } from './mover.ts';

export interface S3Contestant {
  readonly mover: Mover;
  /** The same mover where there is an SFTP server. */
  readonly sftp?: SftpMover;
  /** Of the server; of the program itself where there is none. */
  readonly tree: ProcessTree;
  readonly store: Store;
  /** An empty folder for what a row writes on the client's side. */
  readonly clientFolder: string;
  readonly signal: AbortSignal;
}

/** The bucket, and where its server keeps it. */
export interface Store {
  readonly server: RunningS3Server;
  /** The folder of the bucket; versitygw keeps every object as the file of its name. */
  readonly bucketFolder: string;
  /** The user's home in there. */
  readonly homeFolder: string;
}

export interface S3Row extends Row<S3Contestant> {
  readonly store: Extract<S3ServerKind, 'versitygw' | 'minio'>;
  /** Fills the bucket before the competitor starts. */
  prepare?(store: Store, start: Start): Promise<void>;
}

/** An SFTP server that stores in a bucket: the user's home is the prefix of the user's name. */
export interface S3Peer {
  readonly name: string;
  whyAbsent(): Promise<string | undefined>;
  start(place: S3Place): Promise<RunningPeer>;
}

export interface S3Place {
  /** An empty folder for configuration, keys and log. */
  readonly folder: string;
  readonly store: RunningS3Server;
  readonly key: Start['key'];
  readonly signal: AbortSignal;
}

/** Rows cannot be measured without these; a reason, or undefined. */
export async function whyStoreAbsent(kind: S3Row['store']): Promise<string | undefined> {
  return (await isS3ServerInstalled(kind))
    ? undefined
    : `${kind} is not installed; .ci/install-clients does it where there is Go`;
}

export function s3Competitor(peer: S3Peer): Competitor<S3Contestant, S3Row> {
  return {
    name: peer.name,
    whyAbsent: () => peer.whyAbsent(),
    enter: (row, start) => enterPeer(peer, row, start),
  };
}

async function enterPeer(peer: S3Peer, row: S3Row, start: Start): Promise<Entrant<S3Contestant>> {
  const { root, key, signal } = start;
  await using running = new AsyncDisposableStack();
  const store = await openStore(row, start, running);
  const folder = await makeFolder(root, 'server');
  const started = running.use(await peer.start({ folder, store: store.server, key, signal }));
  const sftp = await connectMover(started.address, await makeFolder(root, 'client-home'), start);
  const contestant: S3Contestant = {
    mover: sftp,
    sftp,
    tree: new ProcessTree(started.processId),
    store,
    clientFolder: await makeFolder(root, 'client'),
    signal,
  };
  const owned = running.move();
  return { contestant, version: started.version, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Starts the S3 server of a row and fills it. `running` stops it. */
export async function openStore(row: S3Row, start: Start, running: AsyncDisposableStack): Promise<Store> {
  const folder = await makeFolder(start.root, 'store');
  const server = running.use(await startS3Server({ kind: row.store, folder }));
  const { bucketFolder } = server;
  const store: Store = { server, bucketFolder, homeFolder: path.join(bucketFolder, USER_NAME) };
  await row.prepare?.(store, start);
  return store;
}

export async function makeFolder(root: string, name: string): Promise<string> {
  const folder = path.join(root, name);
  await mkdir(folder);
  return folder;
}
