/** One thing that is measured on every competitor, with its metrics. */

import type { Workload } from './workload.ts';

export interface Metric {
  readonly name: string;
  readonly better: 'higher' | 'lower';
  readonly decimals: number;
}

/** The files that are transferred; made once for all competitors. */
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

/** What all rows and competitors are measured with. */
export interface Task {
  readonly workload: Workload;
  readonly source: Source;
}

/** `C` is what it works with: a running competitor. */
export interface Row<C> {
  readonly name: string;
  readonly metrics: readonly Metric[];
  /** The names of those it is meant for; all of them when absent. */
  readonly only?: readonly string[];
  /** What a run leaves in a server would change the next: a server for every run. */
  readonly needsFreshServers?: boolean;
  /** One run takes many minutes, and is enough. */
  readonly runsOnce?: boolean;
  /** Why this machine cannot measure the row; undefined when it can. */
  whyAbsent?(): Promise<string | undefined>;
  /**
   * Once per competitor before the runs: proves that the work is done right, and warms up.
   * @returns what a reader must know of this competitor in this row, such as the cipher it chose.
   * @throws Error
   */
  verify(contestant: C, task: Task): Promise<string | undefined>;
  /** One run: a value for every metric, in their order. */
  run(contestant: C, task: Task): Promise<readonly number[]>;
}
