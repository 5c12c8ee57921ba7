/**
 * One connection to a directory, with the few operations that are needed and a limit for each.
 *
 * The LDAP library gets a connection that is established and can make no other: by itself it would connect again without TLS and
 * without a bind, and go on as if nothing had happened.
 */

import type { Socket } from 'node:net';
import {
  Client,
  type Control,
  PasswordPolicyControl,
  ResultCodeError,
  SASL_MECHANISMS,
  type SearchOptions,
} from 'ldapts';
import { IdentityFault } from '../../decision.ts';
import type { Secret } from '../../secret.ts';
import { LdapEntry } from './entry.ts';

/** Most bytes that one operation may bring; the largest legitimate ones are lists of groups. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

/** RFC 4532. */
const WHO_AM_I_OID = '1.3.6.1.4.1.4203.1.11.3';

/** Result codes of RFC 4511, appendix A, that are named here. */
export const RESULT = {
  success: 0,
  operationsError: 1,
  strongerAuthRequired: 8,
  referral: 10,
  confidentialityRequired: 13,
  constraintViolation: 19,
  noSuchObject: 32,
  inappropriateAuthentication: 48,
  invalidCredentials: 49,
  insufficientAccessRights: 50,
  busy: 51,
  unavailable: 52,
  unwillingToPerform: 53,
} as const;

/** What a directory said to a bind. */
export interface BindResult {
  readonly code: number;
  /** The text that came with it; for recognising errors, never for a log. */
  readonly diagnostic: string;
  /** Of draft-behera-ldap-password-policy, where the server speaks it. */
  readonly policyError?: number | undefined;
}

/** A search or an extended operation that the directory refused. */
export class ResultError extends Error {
  override readonly name = 'ResultError';
  readonly code: number;

  constructor(code: number) {
    super(`The directory answers with result ${code}.`);
    this.code = code;
  }
}

interface OperationLimits {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export class LdapConnection {
  readonly #socket: Socket;
  readonly #client: Client;
  #byteCount = 0;
  #isTooLong = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    let isGiven = false;
    this.#client = new Client({
      url: 'ldap://connected.invalid',
      createConnection: () => {
        if (isGiven || socket.destroyed) throw new Error('the connection is closed');
        isGiven = true;
        return socket;
      },
    });
    socket.on('data', (bytes: Buffer) => this.#count(bytes.length));
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed && this.#socket.readyState === 'open';
  }

  /**
   * A simple bind, once.
   * @throws IdentityFault UPSTREAM_TIMED_OUT, UPSTREAM_UNREACHABLE; CONFIGURATION_INVALID for what would be no proof
   */
  async bind(
    name: string,
    password: Secret,
    { asksForPolicy, ...limits }: OperationLimits & { readonly asksForPolicy: boolean },
  ): Promise<BindResult> {
    // The library takes a name like EXTERNAL for a SASL mechanism: its user would be let in by our own certificate.
    if (name === '' || SASL_MECHANISMS.some((mechanism) => mechanism === name))
      throw new IdentityFault('CONFIGURATION_INVALID', 'The name to bind is no name of a user.');
    const secret = password.reveal();
    // RFC 4513, section 5.1.2: a bind without a password succeeds and proves nothing.
    if (secret === '') throw new IdentityFault('CONFIGURATION_INVALID', 'There is no password to bind with.');
    const control = new PasswordPolicyControl();
    const controls: Control[] = asksForPolicy ? [control] : [];
    const result = await this.#bindResult(() => this.#client.bind(name, secret, controls), limits);
    return { ...result, policyError: control.value?.error };
  }

  /** With the client certificate of the connection. */
  bindExternal(limits: OperationLimits): Promise<BindResult> {
    return this.#bindResult(() => this.#client.bindSASL('EXTERNAL'), limits);
  }

  /** Never follows referrals and aliases. @throws ResultError, IdentityFault */
  async search(base: string, options: SearchOptions, limits: OperationLimits): Promise<readonly LdapEntry[]> {
    const timeLimit = Math.max(1, Math.ceil(limits.timeoutMs / 1000));
    const { searchEntries } = await this.#run(
      () => this.#client.search(base, { derefAliases: 'never', timeLimit, ...options }),
      limits,
    );
    return searchEntries.map((entry) => new LdapEntry(entry));
  }

  /** Who is bound, in the form of RFC 4513, section 5.2.1.8: `dn:…` or `u:…`; empty where the directory does not say. */
  async whoAmI(limits: OperationLimits): Promise<string> {
    try {
      const { value } = await this.#run(() => this.#client.exop(WHO_AM_I_OID), limits);
      return value ?? '';
    } catch (error) {
      if (error instanceof ResultError) return '';
      throw error;
    }
  }

  /** Never rejects. Waits for nothing: a server that does not read must not hold up anybody. */
  close(): void {
    if (this.isOpen) this.#client.unbind().catch(() => {});
    this.#socket.destroySoon();
  }

  async #bindResult(
    bind: () => Promise<void>,
    limits: OperationLimits,
  ): Promise<{ readonly code: number; readonly diagnostic: string }> {
    try {
      await this.#send(bind, limits);
      return { code: RESULT.success, diagnostic: '' };
    } catch (error) {
      if (error instanceof ResultCodeError) return { code: error.code, diagnostic: error.message };
      throw error;
    }
  }

  async #run<Result>(work: () => Promise<Result>, limits: OperationLimits): Promise<Result> {
    try {
      return await this.#send(work, limits);
    } catch (error) {
      throw error instanceof ResultCodeError ? new ResultError(error.code) : error;
    }
  }

  /** What does not come in time ends the connection: its answer must not be taken for that of a later question. */
  async #send<Result>(work: () => Promise<Result>, { timeoutMs, signal }: OperationLimits): Promise<Result> {
    this.#byteCount = 0;
    const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    const cut = () => this.#socket.destroy();
    try {
      if (limit.aborted) cut();
      limit.addEventListener('abort', cut, { once: true });
      return await work();
    } catch (error) {
      if (error instanceof ResultCodeError) throw error;
      this.#socket.destroy();
      // No outage: another server would say as much.
      if (this.#isTooLong)
        throw new IdentityFault('UPSTREAM_ANSWER_INVALID', 'The directory answers with too much.');
      if (limit.aborted) throw new IdentityFault('UPSTREAM_TIMED_OUT', 'The directory did not answer.');
      throw new IdentityFault('UPSTREAM_UNREACHABLE', 'The connection to the directory was lost.');
    } finally {
      limit.removeEventListener('abort', cut);
    }
  }

  #count(byteCount: number): void {
    this.#byteCount += byteCount;
    if (this.#byteCount <= MAX_ANSWER_BYTES) return;
    this.#isTooLong = true;
    this.#socket.destroy();
  }
}
