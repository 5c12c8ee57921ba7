/** The calls of the Authentication API (`/api/v1/authn`), each made once. */

import { Denied, IdentityFault } from '../../decision.ts';
import type { Secret } from '../../secret.ts';
import type { Login } from '../provider.ts';
import { refusalOf } from './error-codes.ts';
import type { OktaOrg } from './org.ts';
import { readTransaction, statusRefusal, type Transaction } from './transaction.ts';

const PRIMARY = '/api/v1/authn';
const CANCEL = '/api/v1/authn/cancel';
/** A refusal waits no longer than this for Okta to forget the transaction. */
const CANCEL_TIMEOUT_MS = 1000;

/** What a factor is verified with; nothing sends the code or the push. */
export type FactorProof = { readonly passCode: Secret } | { readonly answer: Secret } | undefined;

export class AuthenticationApi {
  readonly #org: OktaOrg;

  constructor(org: OktaOrg) {
    this.#org = org;
  }

  /** Primary authentication: the one attempt that the password gets. @throws Denied, IdentityFault */
  async primary(login: Login, signInName: string, password: Secret): Promise<Transaction> {
    const trusted = this.#org.trustedContext(login, signInName);
    return measured(login, 'primary authentication', async () => {
      const answer = await this.#org.call({
        method: 'POST',
        url: PRIMARY,
        json: {
          username: signInName,
          password: password.reveal(),
          options: { multiOptionalFactorEnroll: false, warnBeforePasswordExpired: false },
          ...(trusted === undefined ? {} : { context: { deviceToken: trusted.deviceToken } }),
        },
        ...(trusted === undefined ? {} : { headers: trusted.headers }),
        signal: login.signal,
      });
      if (answer.status !== 200) throw refusalOf(answer, 'primary authentication');
      return readTransaction(answer.json);
    });
  }

  /** Sends a code or a push, polls, or judges a code. @throws Denied, IdentityFault */
  async verify(login: Login, href: string, stateToken: Secret, proof: FactorProof): Promise<Transaction> {
    return this.#step(login, 'second factor', href, stateToken, revealed(proof));
  }

  /** Sends the code again. @throws Denied, IdentityFault */
  async resend(login: Login, href: string, stateToken: Secret): Promise<Transaction> {
    return this.#step(login, 'send the code again', href, stateToken, {});
  }

  /** Passes over a warning that the password expires soon. @throws Denied, IdentityFault */
  async skipWarning(login: Login, { skipHref, stateToken }: Transaction): Promise<Transaction> {
    if (skipHref === undefined || stateToken === undefined)
      throw new IdentityFault('UPSTREAM_ANSWER_INVALID', 'Okta: a warning without a way on.');
    return this.#step(login, 'skip the warning', skipHref, stateToken, {});
  }

  /** Does the work; where it ends with a refusal, Okta is told to forget the transaction, so that a phone stops asking. */
  async orCancel<Result>(
    login: Login,
    stateToken: Secret | undefined,
    work: () => Promise<Result>,
  ): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      if (stateToken !== undefined && isWorthCancelling(error, login)) await this.#cancel(login, stateToken);
      throw error;
    }
  }

  /** `href` is of an answer of Okta, or of a state that travelled. */
  async #step(
    login: Login,
    name: string,
    href: string,
    stateToken: Secret,
    more: object,
  ): Promise<Transaction> {
    return measured(login, name, async () => {
      const answer = await this.#org.call({
        method: 'POST',
        url: this.#org.transactionPath(href),
        json: { stateToken: stateToken.reveal(), ...more },
        signal: login.signal,
      });
      if (answer.status !== 200) throw refusalOf(answer, 'transaction');
      return readTransaction(answer.json);
    });
  }

  /** Never fails: the login is refused already. */
  async #cancel({ trace }: Login, stateToken: Secret): Promise<void> {
    const signal = AbortSignal.timeout(CANCEL_TIMEOUT_MS);
    const json = { stateToken: stateToken.reveal() };
    const outcome = await this.#org.call({ method: 'POST', url: CANCEL, json, signal }).then(
      ({ status }) => `status ${status}`,
      () => 'failed',
    );
    trace.note('okta: cancel', outcome);
  }
}

/** After a limit Okta is left alone, and a token that it does not know needs no end; a client that left has a push open. */
function isWorthCancelling(error: unknown, { signal }: Login): boolean {
  if (error instanceof Denied) return error.code !== 'THROTTLED' && error.code !== 'STATE_INVALID';
  return signal.aborted;
}

function revealed(proof: FactorProof): object {
  if (proof === undefined) return {};
  return 'passCode' in proof ? { passCode: proof.passCode.reveal() } : { answer: proof.answer.reveal() };
}

function measured(login: Login, name: string, work: () => Promise<Transaction>): Promise<Transaction> {
  return login.trace.measure(`okta: ${name}`, work, said);
}

/** A status is a text of Okta; only those that we know are repeated. */
function said(transaction: Transaction): string {
  const { status, factorResult } = transaction;
  const refusal = statusRefusal(transaction);
  const isKnown = refusal instanceof Denied || status === 'SUCCESS' || factorResult === 'WAITING';
  if (!isKnown) return status === 'MFA_CHALLENGE' ? status : 'another status';
  return factorResult === undefined ? status : `${status}, the factor is ${factorResult}`;
}
