/** An SFTP server on a local folder: how it is started, and what a row needs to know of it. */

import type { KeyPair } from '../test/interop/lab/keys.ts';

export interface PeerPlace {
  /** An empty folder for configuration, keys and log. */
  readonly folder: string;
  /** The user's home, on the same file system for all peers; its name is `USER_NAME`. It may hold files already. */
  readonly filesFolder: string;
  readonly key: KeyPair;
  /** Whether the server is to offer what it leaves out by default but has. */
  readonly offersOldAlgorithms: boolean;
  readonly signal: AbortSignal;
}

/** Where clients reach a server. */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
  readonly userName: string;
  /** What clients put before a file name to reach the home folder; ends with `/`. */
  readonly remoteFolder: string;
}

export interface RunningPeer extends AsyncDisposable {
  readonly version: string;
  readonly address: ServerAddress;
  /** The first process of the server. */
  readonly processId: number;
}

export interface Peer {
  readonly name: string;
  /** The most that the server lets a client send ahead on one channel. */
  readonly receiveWindowBytes: number;
  /** Such servers cost a process and more for each connection, so they get fewer where many are opened. */
  readonly hasProcessPerConnection: boolean;
  /** Why the peer cannot take part here; undefined when it can. */
  whyAbsent(): Promise<string | undefined>;
  start(place: PeerPlace): Promise<RunningPeer>;
}
