/** One thing that is measured on every peer, with its metrics. */

import type { OpenSshClient } from './openssh-client.ts';
import type { RunningPeer } from './peer.ts';
import type { ProcessTree } from './process-tree.ts';

export interface Metric {
  readonly name: string;
  readonly better: 'higher' | 'lower';
  readonly decimals: number;
}

/** A peer with everything a row works with. */
export interface Contestant {
  readonly peer: RunningPeer;
  readonly tree: ProcessTree;
  readonly client: OpenSshClient;
}

/** The file that is transferred; made once for all peers. */
export interface Source {
  readonly path: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  /** A folder beside it, for what is fetched. */
  readonly folder: string;
}

export interface Row {
  readonly name: string;
  readonly metrics: readonly Metric[];
  /** Once per peer before the runs: proves that the work is done right, and warms up. @throws Error */
  verify(contestant: Contestant, source: Source): Promise<void>;
  /** What a reader must know of this peer in this row, such as the cipher it chose. */
  note?(contestant: Contestant): Promise<string>;
  /** One run: a value for every metric, in their order. */
  run(contestant: Contestant, source: Source): Promise<readonly number[]>;
}
