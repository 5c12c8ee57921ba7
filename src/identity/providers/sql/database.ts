/** What the store needs of a database, whichever it is. */

import type { Parameters, Statement } from './statement.ts';

export type Row = Readonly<Record<string, unknown>>;

export interface Database {
  readonly parameterSign: '$' | '?';
  /** @throws IdentityFault */
  rows(statement: Statement, parameters: Parameters, signal: AbortSignal): Promise<readonly Row[]>;
  /** Resolves to the number of rows that were changed. @throws IdentityFault */
  change(statement: Statement, parameters: Parameters, signal: AbortSignal): Promise<number>;
  close(): Promise<void>;
}
