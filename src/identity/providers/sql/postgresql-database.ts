/** A PostgreSQL database, through a pool of connections with limits. */

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import pg from 'pg';
import { type FaultCode, IdentityFault } from '../../decision.ts';
import type { Surroundings } from '../../surroundings.ts';
import { untilAborted } from '../../upstream/until-aborted.ts';
import type { Database, Row } from './database.ts';
import type { SqlStoreOptions } from './options.ts';
import { type Parameters, type Statement, valuesOf } from './statement.ts';

const MAX_CONNECTIONS = 10;
/** Logins that wait for a connection; more are turned away at once. */
const MAX_WAITING = 256;
/** For connecting, and for waiting for a connection. */
const CONNECT_TIMEOUT_MS = 3000;
/** PostgreSQL ends a statement by itself after so long. */
const STATEMENT_TIMEOUT_MS = 3000;
/** For a server that does not even do that. */
const QUERY_TIMEOUT_MS = 4000;
const IDLE_TIMEOUT_MS = 30_000;

type PostgresqlOptions = NonNullable<SqlStoreOptions['postgresql']>;

export class PostgresqlDatabase implements Database {
  readonly parameterSign = '$';
  readonly #pool: pg.Pool;

  constructor(options: PostgresqlOptions, { folder, warn }: Pick<Surroundings, 'folder' | 'warn'>) {
    this.#pool = new pg.Pool({
      host: options.host,
      port: options.port,
      database: options.name,
      user: options.user,
      password: options.password,
      ssl: tlsOf(options, folder),
      application_name: 'drawbridge',
      max: MAX_CONNECTIONS,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      idleTimeoutMillis: IDLE_TIMEOUT_MS,
      statement_timeout: STATEMENT_TIMEOUT_MS,
      query_timeout: QUERY_TIMEOUT_MS,
      allowExitOnIdle: true,
    });
    // A connection that breaks while nobody uses it: without a listener the process would end.
    this.#pool.on('error', (error) => warn(`PostgreSQL: an idle connection broke: ${sqlState(error)}.`));
  }

  async rows(statement: Statement, parameters: Parameters, signal: AbortSignal): Promise<readonly Row[]> {
    return (await this.#query(statement, parameters, signal)).rows;
  }

  async change(statement: Statement, parameters: Parameters, signal: AbortSignal): Promise<number> {
    return (await this.#query(statement, parameters, signal)).rowCount ?? 0;
  }

  close(): Promise<void> {
    return this.#pool.end();
  }

  async #query(
    statement: Statement,
    parameters: Parameters,
    signal: AbortSignal,
  ): Promise<pg.QueryResult<Row>> {
    if (this.#pool.waitingCount >= MAX_WAITING) throw new IdentityFault('OVERLOADED', 'PostgreSQL.');
    const query = this.#pool.query<Row>(statement.text, valuesOf(statement, parameters));
    try {
      // The statement goes on within its own limits; nobody waits for it any more.
      return await untilAborted(query, signal, 'PostgreSQL');
    } catch (error) {
      throw error instanceof IdentityFault ? error : faultOf(error);
    }
  }
}

function tlsOf({ host, tls, caFile }: PostgresqlOptions, folder: string): pg.PoolConfig['ssl'] {
  if (tls === 'off' || host.startsWith('/')) return false;
  return caFile === undefined ? true : { ca: readCertificates(resolve(folder, caFile)) };
}

function readCertificates(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    throw new IdentityFault('CONFIGURATION_INVALID', 'PostgreSQL: caFile cannot be read.');
  }
}

/** Messages and details of PostgreSQL quote values; its codes do not (SQLSTATE, appendix A of its manual). */
function faultOf(error: unknown): IdentityFault {
  const state = sqlState(error);
  return new IdentityFault(faultCodeOf(state), `PostgreSQL: ${state}.`);
}

function faultCodeOf(state: string): FaultCode {
  if (state === 'timeout' || state === '57014') return 'UPSTREAM_TIMED_OUT';
  // Our name or password, the database's name, the statement; a certificate that is not trusted.
  if (/^(?:28|3D|42)/.test(state) || /CERT|ISSUER|VERIFY/.test(state)) return 'CONFIGURATION_INVALID';
  // Class 08 and the system's own errors; 57P01 to 57P03: it is going down or coming up.
  if (/^(?:08|57P|E[A-Z]+|connection)/.test(state)) return 'UPSTREAM_UNREACHABLE';
  return 'UPSTREAM_FAILED';
}

/** The driver's own errors have no code. */
function sqlState(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  if ('code' in error && typeof error.code === 'string') return error.code;
  if (/timeout/i.test(error.message)) return 'timeout';
  return /terminated|connection/i.test(error.message) ? 'connection broken' : 'unknown';
}
