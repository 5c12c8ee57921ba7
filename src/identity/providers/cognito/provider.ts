/** The `cognito` provider: passwords and second factors of an Amazon Cognito user pool. */

import { CognitoIdentityProviderClient } from '@aws-sdk/client-cognito-identity-provider';
import { Denied, IdentityFault } from '../../decision.ts';
import type { Secret } from '../../secret.ts';
import type { Surroundings } from '../../surroundings.ts';
import { awsClientSettings } from '../../upstream/aws.ts';
import { AwsService } from '../../upstream/aws-service.ts';
import { UpstreamHttp } from '../../upstream/http.ts';
import { IdTokenVerifier } from '../../upstream/id-token.ts';
import { splitAppendedCode } from '../appended-code.ts';
import type { Json, Login, Person, PersonProvider, Step } from '../provider.ts';
import { signInNameOf } from '../sign-in-name.ts';
import type { CognitoAnswer } from './answer.ts';
import { remarksOnAppClient } from './client-check.ts';
import {
  type Ask,
  askForPassword,
  Dialogue,
  type Progress,
  type Respond,
  savedShape,
  shownChallenge,
} from './dialogue.ts';
import { cognitoVerdict } from './errors.ts';
import type { CognitoOptions } from './options.ts';
import { checkName, idTokenClaims, personOfClaims } from './person.ts';
import { poolOf } from './pool.ts';
import { type Response, SignIn } from './sign-in.ts';
import { Users } from './users.ts';

/** Challenges answered without the user between two questions: a choice of factor and a code are two. */
const MAX_RESPONSES = 4;

export function createCognitoProvider(options: CognitoOptions, surroundings: Surroundings): PersonProvider {
  return new CognitoProvider(options, surroundings);
}

class CognitoProvider implements PersonProvider {
  readonly #options: CognitoOptions;
  readonly #warn: (text: string) => void;
  readonly #dialogue: Dialogue;
  readonly #signIn: SignIn;
  readonly #idTokens: IdTokenVerifier<typeof idTokenClaims>;
  readonly #users: Users;
  readonly #service = new AwsService('Cognito');
  /** Each attempt at a password counts, so nothing is repeated. */
  readonly #signInClient: CognitoIdentityProviderClient;
  readonly #readingClient: CognitoIdentityProviderClient;

  constructor(options: CognitoOptions, surroundings: Surroundings) {
    const pool = poolOf(options, surroundings.region);
    const clientWith = (attempts: 1 | 2) =>
      new CognitoIdentityProviderClient(awsClientSettings(options, { region: pool.region, attempts }));
    this.#options = options;
    this.#warn = surroundings.warn;
    this.#signInClient = clientWith(1);
    this.#readingClient = clientWith(2);
    this.#dialogue = new Dialogue(options);
    this.#signIn = new SignIn(options, this.#signInClient, this.#service);
    const http = new UpstreamHttp({ name: 'Cognito', origin: pool.jwksUrl.origin });
    this.#idTokens = new IdTokenVerifier({
      name: 'Cognito',
      issuer: pool.issuer,
      clientId: options.clientId,
      claims: idTokenClaims,
      fetchKeys: (signal) => http.call({ method: 'GET', url: pool.jwksUrl.href, signal }),
      now: surroundings.now,
    });
    const userSettings = { userPoolId: pool.id, hasGroups: options.keyLoginGroups };
    this.#users = new Users(userSettings, this.#readingClient, this.#service);
  }

  async password(login: Login, typed: Secret): Promise<Step> {
    const { password, code } = this.#split(login, typed);
    const userName = signInNameOf(login.userName, this.#options);
    const answer = await login.trace.measure(
      'cognito: password',
      () => this.#signIn.begin(login, userName, password),
      outcomeOf,
    );
    const progress: Progress = { userName, proofs: ['password'], isSecondFactorProven: false, asked: [] };
    return await this.#proceed(login, answer, progress, code);
  }

  async answers(login: Login, saved: Json, answers: readonly Secret[]): Promise<Step> {
    const { success, data } = savedShape.safeParse(saved);
    if (!success) throw new Denied('STATE_INVALID');
    const next = this.#dialogue.answered(data, answers);
    if (next.move === 'ask') return asks(next);
    const answer = await this.#respondOrAskAgain(login, next);
    if (!('outcome' in answer)) return asks(answer);
    return await this.#proceed(login, answer, next.progress, undefined);
  }

  async lookUp(login: Login): Promise<Person | undefined> {
    const { keyLogins } = this.#options;
    if (keyLogins === 'refuse') throw new Denied('KEYS_NOT_ACCEPTED');
    if (keyLogins === 'unchecked') return undefined;
    const userName = signInNameOf(login.userName, this.#options);
    const person = await login.trace.measure(
      'cognito: user',
      () => this.#users.find(userName, login.signal),
      ({ groups }) => `confirmed, ${groups.length} groups`,
    );
    checkName(person, userName, this.#options);
    return person;
  }

  async check(signal: AbortSignal): Promise<void> {
    await this.#idTokens.check(signal);
    const { flow, keyLogins } = this.#options;
    if (flow === 'user-password' && keyLogins !== 'check') return;
    const look = () => remarksOnAppClient(this.#readingClient, this.#options, signal);
    for (const remark of await this.#service.call(look, signal, cognitoVerdict('look-up')))
      this.#warn(`cognito: ${remark}`);
  }

  async close(): Promise<void> {
    this.#signInClient.destroy();
    this.#readingClient.destroy();
  }

  /** @throws Denied CODE_MISSING, MFA_REQUIRED before Cognito is asked */
  #split(login: Login, typed: Secret): { readonly password: Secret; readonly code: Secret | undefined } {
    const { mfa, plainPassword } = this.#options;
    const isPrompted = mfa === 'prompts' && login.canPrompt;
    if (mfa === 'none' || isPrompted) return { password: typed, code: undefined };
    if (mfa === 'prompts' && plainPassword === 'refuse')
      throw new Denied('MFA_REQUIRED', 'The client cannot be asked.');
    return splitAppendedCode(typed, this.#options);
  }

  /** Answers challenges from what is in hand, up to tokens or to a question for the user. */
  async #proceed(
    login: Login,
    firstAnswer: CognitoAnswer,
    firstProgress: Progress,
    firstCode: Secret | undefined,
  ): Promise<Step> {
    let [answer, progress, code] = [firstAnswer, firstProgress, firstCode];
    for (let responses = 0; responses <= MAX_RESPONSES; responses++) {
      if (answer.outcome === 'tokens') return await this.#verified(login, answer.idToken, progress);
      const next = this.#dialogue.next(answer.challenge, { login, progress, code });
      if (next.move === 'ask') return asks(next);
      answer = await this.#respond(login, next.response);
      progress = next.progress;
      if (next.response.challengeName !== 'SELECT_MFA_TYPE') code = undefined;
    }
    throw new IdentityFault('UPSTREAM_ANSWER_INVALID', 'Cognito asks without end.');
  }

  /** A new password that breaks a rule of the pool does not end the session. */
  async #respondOrAskAgain(login: Login, { response, progress }: Respond): Promise<CognitoAnswer | Ask> {
    try {
      return await this.#respond(login, response);
    } catch (error) {
      const isRuleBroken = error instanceof Denied && error.code === 'PASSWORD_EXPIRED';
      if (!isRuleBroken || response.phase !== 'new-password') throw error;
      return askForPassword(response.session, progress, 'This password is not accepted; choose another one.');
    }
  }

  #respond(login: Login, response: Response): Promise<CognitoAnswer> {
    const respond = () => this.#signIn.respond(login, response);
    return login.trace.measure(`cognito: ${response.challengeName}`, respond, outcomeOf);
  }

  async #verified(login: Login, idToken: Secret, progress: Progress): Promise<Step> {
    // Pools with optional factors let in whoever has none: any digits behind the password would then do.
    if (this.#options.mfa !== 'none' && !progress.isSecondFactorProven)
      throw new Denied('MFA_REQUIRED', 'Cognito asked for no second factor.');
    const claims = await login.trace.measure(
      'cognito: id token',
      () => this.#idTokens.verify(idToken, login.signal),
      () => 'verified',
    );
    const person = personOfClaims(claims, progress.proofs);
    checkName(person, signInNameOf(login.userName, this.#options), this.#options);
    return { outcome: 'verified', person };
  }
}

function asks({ question, saved }: Ask): Step {
  return { outcome: 'asks', question, saved };
}

function outcomeOf(answer: CognitoAnswer): string {
  return answer.outcome === 'tokens' ? 'tokens' : `asks for ${shownChallenge(answer.challenge.name)}`;
}
