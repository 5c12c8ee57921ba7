/** The suite `sftp`: servers on a local folder each, with the clients that the rows use. */

import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { type Competitor, type Entrant, type Start, USER_NAME } from './competitor.ts';
import { LoadClient } from './load-client.ts';
import { OpenSshClient } from './openssh-client.ts';
import type { Peer, ServerAddress } from './peer.ts';
import { ProcessTree } from './process-tree.ts';
import type { Row, Task } from './row.ts';

/** A running peer with everything a row works with. */
export interface Contestant {
  readonly peer: Peer;
  readonly address: ServerAddress;
  readonly filesFolder: string;
  /** An empty folder for what a row writes on the client's side. */
  readonly clientFolder: string;
  readonly tree: ProcessTree;
  readonly client: OpenSshClient;
  readonly loadClient: LoadClient;
  readonly signal: AbortSignal;
}

export interface SftpRow extends Row<Contestant> {
  /** The row needs algorithms that a careful server leaves out by default. */
  readonly needsOldAlgorithms?: boolean;
  /** Fills the home folder before the server starts, because servers may cache what they listed. */
  prepare?(filesFolder: string, task: Task): Promise<void>;
}

export function sftpCompetitor(peer: Peer): Competitor<Contestant, SftpRow> {
  return {
    name: peer.name,
    whyAbsent: () => peer.whyAbsent(),
    enter: (row, start) => enter(peer, row, start),
  };
}

async function enter(peer: Peer, row: SftpRow, start: Start): Promise<Entrant<Contestant>> {
  const { root, task, key, signal } = start;
  const folder = path.join(root, 'server');
  const filesFolder = path.join(root, 'files', USER_NAME);
  const clientFolder = path.join(root, 'client');
  const clientHome = path.join(root, 'client-home');
  for (const made of [folder, filesFolder, clientFolder, clientHome]) await mkdir(made, { recursive: true });
  await row.prepare?.(filesFolder, task);
  const offersOldAlgorithms = row.needsOldAlgorithms === true;
  const started = await peer.start({ folder, filesFolder, key, offersOldAlgorithms, signal });
  await using running = new AsyncDisposableStack();
  running.use(started);
  const { address, version } = started;
  const client = await OpenSshClient.connectTo(address, key, clientHome, signal);
  const { knownHostsFile } = client;
  const contestant: Contestant = {
    peer,
    address,
    filesFolder,
    clientFolder,
    tree: new ProcessTree(started.processId),
    client,
    loadClient: new LoadClient({ address, key, knownHostsFile, folder: clientHome, signal }),
    signal,
  };
  const owned = running.move();
  return { contestant, version, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
