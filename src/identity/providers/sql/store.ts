/** Records in a SQL table, or in whatever a query of the operator returns. */

import { resolve } from 'node:path';
import { Denied, IdentityFault } from '../../decision.ts';
import type { RecordLookUp, RecordMembers, RecordStore } from '../../records/record.ts';
import type { Secret } from '../../secret.ts';
import type { Surroundings } from '../../surroundings.ts';
import { membersOfRow, passwordColumn } from './columns.ts';
import type { Database } from './database.ts';
import type { SqlStoreOptions } from './options.ts';
import { PostgresqlDatabase } from './postgresql-database.ts';
import { SqliteDatabase } from './sqlite-database.ts';
import { parseStatement, type Statement } from './statement.ts';

const LOOK_UP_PARAMETERS = ['userName', 'serverId', 'protocol'] as const;
/** Nobody: no user name begins with a dot. */
const NOBODY: RecordLookUp = { userName: '.', serverId: 's-00000000000000000', protocol: 'SFTP' };

export class SqlRecordStore implements RecordStore {
  readonly #options: SqlStoreOptions;
  readonly #database: Database;
  readonly #lookUp: Statement;

  /** @throws IdentityFault CONFIGURATION_INVALID */
  constructor(
    options: SqlStoreOptions,
    surroundings: Pick<Surroundings, 'folder' | 'warn'>,
    { isReadOnly = true }: { readonly isReadOnly?: boolean } = {},
  ) {
    const { table, userNameColumn, query } = options;
    this.#options = options;
    this.#database = openDatabase(options, surroundings, isReadOnly);
    const text = query ?? `SELECT * FROM ${table} WHERE ${userNameColumn} = :userName LIMIT 2`;
    this.#lookUp = parseStatement(text, this.#database.parameterSign, LOOK_UP_PARAMETERS);
  }

  /** @throws Denied USER_AMBIGUOUS; IdentityFault */
  async find(key: RecordLookUp, signal: AbortSignal): Promise<RecordMembers | undefined> {
    const [row, second] = await this.#database.rows(this.#lookUp, { ...key }, signal);
    if (second !== undefined) throw new Denied('USER_AMBIGUOUS', 'The query returns several rows.');
    return row === undefined ? undefined : membersOfRow(row, this.#options.userNameColumn);
  }

  /** @throws IdentityFault */
  async replacePassword(
    { userName }: RecordLookUp,
    { member, from, to }: { readonly member: string; readonly from: Secret; readonly to: Secret },
    signal: AbortSignal,
  ): Promise<boolean> {
    const { table, userNameColumn, query } = this.#options;
    if (query !== undefined) return false;
    const column = passwordColumn(member);
    const statement = parseStatement(
      `UPDATE ${table} SET ${column} = :to WHERE ${userNameColumn} = :userName AND ${column} = :from`,
      this.#database.parameterSign,
      ['userName', 'from', 'to'],
    );
    const parameters = { userName, from: from.reveal(), to: to.reveal() };
    return (await this.#database.change(statement, parameters, signal)) === 1;
  }

  /** @throws IdentityFault */
  async check(signal: AbortSignal): Promise<void> {
    await this.#database.rows(this.#lookUp, { ...NOBODY }, signal);
  }

  close(): Promise<void> {
    return this.#database.close();
  }
}

function openDatabase(
  { postgresql, sqlite }: SqlStoreOptions,
  surroundings: Pick<Surroundings, 'folder' | 'warn'>,
  isReadOnly: boolean,
): Database {
  if (postgresql !== undefined && sqlite === undefined)
    return new PostgresqlDatabase(postgresql, surroundings);
  if (sqlite !== undefined && postgresql === undefined)
    return new SqliteDatabase(resolve(surroundings.folder, sqlite.file), isReadOnly);
  throw new IdentityFault('CONFIGURATION_INVALID', 'One of postgresql and sqlite is needed.');
}
