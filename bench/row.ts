/** One thing that is measured on every peer, with its metrics. */

import type { LoadClient } from './load-client.ts';
import type { OpenSshClient } from './openssh-client.ts';
import type { Peer, ServerAddress } from './peer.ts';
import type { ProcessTree } from './process-tree.ts';
import type { Workload } from './workload.ts';

export interface Metric {
  readonly name: string;
  readonly better: 'higher' | 'lower';
  readonly decimals: number;
}

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

/** The files that are transferred; made once for all peers. */
export interface Source {
  readonly large: SourceFile;
  /** As `large`, for rows in which a large one would take minutes. */
  readonly medium: SourceFile;
  /** For the proof that a transfer is right. */
  readonly small: SourceFile;
  /** A folder with many small files. */
  readonly smallFiles: string;
  /** One of so many equal parts of `large`, for parallel streams. */
  part(count: number): SourceFile;
}

export interface SourceFile {
  readonly path: string;
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** What all rows and peers are measured with. */
export interface Task {
  readonly workload: Workload;
  readonly source: Source;
}

export interface Row {
  readonly name: string;
  readonly metrics: readonly Metric[];
  /** The row needs algorithms that a careful server leaves out by default. */
  readonly needsOldAlgorithms?: boolean;
  /** What a run leaves in a server would change the next: a server for every run. */
  readonly needsFreshServers?: boolean;
  /** Why this machine cannot measure the row; undefined when it can. */
  whyAbsent?(): Promise<string | undefined>;
  /** Fills the home folder before the server starts, because servers may cache what they listed. */
  prepare?(filesFolder: string, task: Task): Promise<void>;
  /**
   * Once per server before the runs: proves that the work is done right, and warms up.
   * @returns what a reader must know of this peer in this row, such as the cipher it chose.
   * @throws Error
   */
  verify(contestant: Contestant, task: Task): Promise<string | undefined>;
  /** One run: a value for every metric, in their order. */
  run(contestant: Contestant, task: Task): Promise<readonly number[]>;
}
