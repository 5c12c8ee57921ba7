/** A built-in provider in a process of its own beside the server: started when it is needed, and again when it broke. */

import { type AuthenticateOptions, IdentityError, type IdentityProvider } from '../provider.ts';
import type { IdentityRequest } from '../request.ts';
import { abortable, goneAway, stopped } from './abortable.ts';
import { BuiltInConnection } from './built-in-connection.ts';
import type { BuiltInSettings } from './built-in-settings.ts';
import { RestartPace } from './restart-pace.ts';

/** Most logins of one provider that are judged, or wait for the process to start. */
export const MAX_QUESTIONS = 512;

/**
 * One process and not one for each login: a provider waits for somebody else most of the time, and keeps connections and
 * tokens that all logins share. A process and not the server's own thread, because what it computes (password hashes) and
 * what it may run out of (memory) must not touch transfers.
 */
export class BuiltInProcess implements IdentityProvider {
  readonly #settings: BuiltInSettings;
  readonly #pace = new RestartPace(() => performance.now());
  #connection: BuiltInConnection | undefined;
  /** Every process that is not gone yet, the one in use among them. */
  readonly #running = new Set<BuiltInConnection>();
  #openCount = 0;
  #isClosed = false;

  constructor(settings: BuiltInSettings) {
    this.#settings = settings;
  }

  async check(): Promise<void> {
    const connection = this.#connect();
    await connection.ready;
    await connection.check();
  }

  async authenticate(request: IdentityRequest, options: AuthenticateOptions): Promise<unknown> {
    if (options.signal.aborted) throw goneAway();
    if (this.#openCount >= MAX_QUESTIONS)
      throw new IdentityError('FUNCTION_OVERLOADED', `${MAX_QUESTIONS} logins are being judged already`);
    this.#openCount += 1;
    try {
      const connection = this.#connect();
      await abortable(connection.ready, options.signal);
      return await connection.ask(request, options);
    } finally {
      this.#openCount -= 1;
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#connection?.end();
    await Promise.all([...this.#running].map(({ ended }) => ended));
  }

  /** @throws IdentityError */
  #connect(): BuiltInConnection {
    if (this.#isClosed) throw stopped();
    const last = this.#connection;
    if (last !== undefined && last.failure === undefined) return last;
    const { pauseMs } = this.#pace;
    if (pauseMs > 0) {
      const cause = last?.failure?.message ?? 'it failed';
      const seconds = Math.ceil(pauseMs / 1000);
      throw new IdentityError('FUNCTION_CRASHED', `${cause}; it is started again in ${seconds} s`);
    }
    const connection = startConnection(this.#settings);
    const startMs = performance.now();
    this.#connection = connection;
    this.#running.add(connection);
    void connection.ended.then(() => {
      this.#running.delete(connection);
      this.#pace.failed(performance.now() - startMs);
    });
    return connection;
  }
}

function startConnection(settings: BuiltInSettings): BuiltInConnection {
  try {
    return new BuiltInConnection(settings);
  } catch (cause) {
    throw new IdentityError('FUNCTION_CRASHED', 'the process of the provider cannot be started', { cause });
  }
}
