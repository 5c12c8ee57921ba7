/** A server in the race: how it is started, and what a row needs to know of it. */

import type { KeyPair } from '../test/interop/lab/keys.ts';

export interface PeerPlace {
  /** An empty folder for configuration, keys and log. */
  readonly folder: string;
  /** An empty folder for the user's files, on the same file system for all peers. */
  readonly filesFolder: string;
  readonly key: KeyPair;
  readonly signal: AbortSignal;
}

export interface RunningPeer extends AsyncDisposable {
  readonly version: string;
  readonly host: string;
  readonly port: number;
  readonly userName: string;
  /** The first process of the server. */
  readonly processId: number;
  /** What clients put before a file name to reach `filesFolder`; ends with `/`. */
  readonly remoteFolder: string;
  readonly filesFolder: string;
}

export interface Peer {
  readonly name: string;
  /** Why the peer cannot take part here; undefined when it can. */
  whyAbsent(): Promise<string | undefined>;
  start(place: PeerPlace): Promise<RunningPeer>;
}
