/** Who takes part in a suite, and how it gets to the start of a row. */

import type { KeyPair } from '../test/interop/lab/keys.ts';
import type { Row, Task } from './row.ts';

/** The user of servers that have users of their own, and the name of every home folder. */
export const USER_NAME = 'interop';

/** What a competitor gets for one row. */
export interface Start {
  /** An empty folder, removed afterwards. */
  readonly root: string;
  readonly task: Task;
  readonly key: KeyPair;
  readonly signal: AbortSignal;
}

/** A competitor that runs. */
export interface Entrant<C> extends AsyncDisposable {
  readonly contestant: C;
  readonly version: string;
}

/** `C` is what the rows of the suite work with, `R` what such a row tells of itself. */
export interface Competitor<C, R extends Row<C> = Row<C>> {
  readonly name: string;
  /** Why it cannot take part here; undefined when it can. */
  whyAbsent(): Promise<string | undefined>;
  enter(row: R, start: Start): Promise<Entrant<C>>;
}
