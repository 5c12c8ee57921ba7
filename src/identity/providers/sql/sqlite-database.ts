/** A SQLite database, by Node's own driver. It works on this thread: a look-up by key takes microseconds. */

import type { DatabaseSync } from 'node:sqlite';
import { IdentityFault } from '../../decision.ts';
import type { Database, Row } from './database.ts';
import { type Parameters, type Statement, valuesOf } from './statement.ts';

/** How long another process that writes is waited for. Everybody waits meanwhile. */
const BUSY_TIMEOUT_MS = 250;

export class SqliteDatabase implements Database {
  readonly parameterSign = '?';
  readonly #file: string;
  readonly #isReadOnly: boolean;
  #opening: Promise<DatabaseSync> | undefined;

  constructor(file: string, isReadOnly: boolean) {
    this.#file = file;
    this.#isReadOnly = isReadOnly;
  }

  rows(statement: Statement, parameters: Parameters): Promise<readonly Row[]> {
    return this.#run((database) => database.prepare(statement.text).all(...valuesOf(statement, parameters)));
  }

  change(statement: Statement, parameters: Parameters): Promise<number> {
    return this.#run((database) =>
      Number(database.prepare(statement.text).run(...valuesOf(statement, parameters)).changes),
    );
  }

  async close(): Promise<void> {
    const database = await this.#opening?.catch(() => undefined);
    database?.close();
  }

  async #run<Result>(work: (database: DatabaseSync) => Result): Promise<Result> {
    try {
      return work(await this.#database());
    } catch (error) {
      throw faultOf(error);
    }
  }

  async #database(): Promise<DatabaseSync> {
    this.#opening ??= this.#open();
    try {
      return await this.#opening;
    } catch (error) {
      // The file may come later.
      this.#opening = undefined;
      throw error;
    }
  }

  /** Loaded here: not every Node on Lambda has it. */
  async #open(): Promise<DatabaseSync> {
    const { DatabaseSync } = await import('node:sqlite');
    return new DatabaseSync(this.#file, { readOnly: this.#isReadOnly, timeout: BUSY_TIMEOUT_MS });
  }
}

/** Result codes of SQLite (sqlite.org/rescode.html). */
const SQLITE_ERROR = 1;
const SQLITE_BUSY = 5;
const SQLITE_CANTOPEN = 14;

/** SQLite's messages may quote values. */
function faultOf(error: unknown): IdentityFault {
  const code = error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : 0;
  if (code === SQLITE_BUSY) return new IdentityFault('UPSTREAM_TIMED_OUT', 'SQLite: the file is busy.');
  if (code === SQLITE_CANTOPEN)
    return new IdentityFault('UPSTREAM_UNREACHABLE', 'SQLite: the file cannot be opened.');
  if (code === SQLITE_ERROR)
    return new IdentityFault('CONFIGURATION_INVALID', 'SQLite: the statement does not fit the database.');
  return new IdentityFault('UPSTREAM_FAILED', `SQLite: result code ${code}.`);
}
