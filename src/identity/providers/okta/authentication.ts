/** Logins by the Authentication API: password, then the second factor that the configuration asks for. */

import { Denied, IdentityFault } from '../../decision.ts';
import type { Secret } from '../../secret.ts';
import type { Surroundings } from '../../surroundings.ts';
import { splitAppendedCode } from '../appended-code.ts';
import { attributesOf } from '../attributes.ts';
import type { Json, Login, Person, PersonProvider, Proof, Step } from '../provider.ts';
import { secondFactorOf } from '../second-factor.ts';
import { signInNameOf } from '../sign-in-name.ts';
import { AuthenticationApi } from './authentication-api.ts';
import { FactorDialogue, type Verified } from './factor-dialogue.ts';
import { factorForCode } from './factors.ts';
import type { OktaOptions } from './options.ts';
import type { OktaOrg } from './org.ts';
import type { People } from './people.ts';
import { requirePassword } from './questions.ts';
import { statusRefusal, type Transaction } from './transaction.ts';

export interface AuthenticationParts {
  readonly options: OktaOptions;
  readonly org: OktaOrg;
  readonly people: People;
  readonly surroundings: Surroundings;
}

export class OktaAuthentication implements PersonProvider {
  readonly #options: OktaOptions;
  readonly #org: OktaOrg;
  readonly #people: People;
  readonly #api: AuthenticationApi;
  readonly #dialogue: FactorDialogue;

  constructor({ options, org, people, surroundings }: AuthenticationParts) {
    this.#options = options;
    this.#org = org;
    this.#people = people;
    this.#api = new AuthenticationApi(org);
    this.#dialogue = new FactorDialogue({ api: this.#api, org, options, now: surroundings.now });
  }

  async password(login: Login, typed: Secret): Promise<Step> {
    requirePassword(typed);
    switch (secondFactorOf(login, this.#options)) {
      case 'none':
        return this.#passwordAlone(login, typed);
      case 'appended':
        return this.#passwordWithCode(login, typed);
      case 'prompts':
        return this.#passwordThenPrompts(login, typed);
    }
  }

  async answers(login: Login, saved: Json, answers: readonly Secret[]): Promise<Step> {
    const next = await this.#dialogue.goOn(login, saved, answers);
    return next.outcome === 'asks' ? next : this.#verified(login, next);
  }

  lookUp(login: Login): Promise<Person | undefined> {
    return this.#people.find(login);
  }

  async check(signal: AbortSignal): Promise<void> {
    const { status } = await this.#org.get('/.well-known/openid-configuration', signal);
    if (status !== 200) throw new IdentityFault('CONFIGURATION_INVALID', 'There is no Okta org at orgUrl.');
    await this.#people.check(signal);
  }

  async close(): Promise<void> {}

  async #passwordAlone(login: Login, password: Secret): Promise<Step> {
    const transaction = await this.#primary(login, password);
    return this.#api.orCancel(login, transaction.stateToken, async () => {
      if (transaction.status === 'MFA_REQUIRED')
        throw new Denied('MFA_REQUIRED', 'Okta asks for a second factor, and `mfa` is `none`.');
      return this.#verified(login, { transaction, proofs: ['password'] });
    });
  }

  /** Origin text 003, with one factor tried and the answer looked at. */
  async #passwordWithCode(login: Login, typed: Secret): Promise<Step> {
    const { factorOrder, codeLength } = this.#options;
    const { password, code } = splitAppendedCode(typed, this.#options);
    const primary = await this.#primary(login, password);
    return this.#api.orCancel(login, primary.stateToken, async () => {
      const stateToken = requireAskedFor(primary);
      const factor = factorForCode(primary.factors, factorOrder, codeLength);
      if (factor === undefined)
        throw new Denied('MFA_UNSUPPORTED', 'The user has no factor for a code of this length.');
      const transaction = await this.#api.verify(login, factor.verifyHref, stateToken, { passCode: code });
      requireSamePerson(transaction, primary.user?.id);
      return this.#verified(login, { transaction, proofs: ['password', 'code'] });
    });
  }

  async #passwordThenPrompts(login: Login, password: Secret): Promise<Step> {
    const primary = await this.#primary(login, password);
    return this.#api.orCancel(login, primary.stateToken, async () => {
      const stateToken = requireAskedFor(primary);
      const next = await this.#dialogue.begin(login, { stateToken, transaction: primary });
      return next.outcome === 'asks' ? next : this.#verified(login, next);
    });
  }

  #primary(login: Login, password: Secret): Promise<Transaction> {
    return this.#api.primary(login, signInNameOf(login.userName, this.#options), password);
  }

  /** Only SUCCESS with a session token, and for a named user, is a success. */
  async #verified(login: Login, { transaction, proofs }: Omit<Verified, 'outcome'>): Promise<Step> {
    const last =
      transaction.status === 'PASSWORD_WARN' ? await this.#api.skipWarning(login, transaction) : transaction;
    const { status, hasSessionToken, factorResult, user } = last;
    const isSuccess = status === 'SUCCESS' && hasSessionToken && (factorResult ?? 'SUCCESS') === 'SUCCESS';
    if (!isSuccess || user === undefined) throw statusRefusal(last);
    requireSamePerson(last, transaction.user?.id);
    const person = this.#personOf(login, user, proofs);
    return { outcome: 'verified', person: await this.#people.proven(login, person) };
  }

  #personOf(
    login: Login,
    { id, profile }: NonNullable<Transaction['user']>,
    proofs: readonly Proof[],
  ): Person {
    const { login: name } = profile;
    return {
      subject: id,
      userName: typeof name === 'string' ? name : signInNameOf(login.userName, this.#options),
      attributes: attributesOf(profile),
      groups: [],
      proofs,
    };
  }
}

/**
 * The state token of a transaction in which Okta asks for a second factor. Where it does not, whatever was typed as a code would
 * pass for one.
 * @throws Denied MFA_REQUIRED
 */
function requireAskedFor(transaction: Transaction): Secret {
  const { status, stateToken } = transaction;
  if (status === 'SUCCESS' || status === 'PASSWORD_WARN')
    throw new Denied('MFA_REQUIRED', 'Okta lets the user in without one: its policy does not ask for it.');
  if (status !== 'MFA_REQUIRED') throw statusRefusal(transaction);
  if (stateToken === undefined) throw new IdentityFault('UPSTREAM_ANSWER_INVALID', 'Okta: no state token.');
  return stateToken;
}

function requireSamePerson({ user }: Transaction, id: string | undefined): void {
  if (user !== undefined && id !== undefined && user.id !== id) throw new Denied('IDENTITY_MISMATCH');
}
