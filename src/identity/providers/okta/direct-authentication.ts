/** Logins by direct authentication of Okta's Identity Engine: the password grant, then a code or a phone. */

import { z } from 'zod';
import { Denied, IdentityFault } from '../../decision.ts';
import { Secret } from '../../secret.ts';
import type { Surroundings } from '../../surroundings.ts';
import { IdTokenVerifier, subjectClaims } from '../../upstream/id-token.ts';
import { splitAppendedCode } from '../appended-code.ts';
import { attributesOf } from '../attributes.ts';
import type { Group, Json, Login, Person, PersonProvider, Proof, Question, Step } from '../provider.ts';
import { secondFactorOf } from '../second-factor.ts';
import { signInNameOf } from '../sign-in-name.ts';
import { wayOf } from './factors.ts';
import type { OktaOptions } from './options.ts';
import type { OktaOrg } from './org.ts';
import type { People } from './people.ts';
import {
  choiceQuestion,
  chosen,
  codeIn,
  codeQuestion,
  MAX_CHOICE_TRIES,
  requirePassword,
} from './questions.ts';
import {
  type Channel,
  MAX_INTERVAL_SECONDS,
  MFA_OOB,
  MFA_OTP,
  type TokenAnswer,
  TokenEndpoint,
} from './token-endpoint.ts';

/** Longest wait for a phone. */
const PUSH_LIMIT_MS = 45_000;
/** RFC 8628 section 3.5: so much longer after `slow_down`. */
const SLOW_DOWN_SECONDS = 5;

/** Okta does not say what the user has; these can be chosen from. */
const METHODS = ['push', 'otp', 'sms', 'voice'] as const;
type Method = (typeof METHODS)[number];

const LABELS: Readonly<Record<Method, string>> = {
  push: 'Okta Verify push',
  otp: 'authenticator code',
  sms: 'SMS',
  voice: 'call',
};

const method = z.enum(METHODS);
const savedShape = z.discriminatedUnion('stage', [
  z.strictObject({
    stage: z.literal('choose'),
    mfaToken: z.string(),
    methods: z.array(method),
    tries: z.int(),
  }),
  z.strictObject({ stage: z.literal('otp'), mfaToken: z.string() }),
  z.strictObject({ stage: z.literal('sent'), mfaToken: z.string(), oobCode: z.string() }),
  z.strictObject({
    stage: z.literal('push'),
    mfaToken: z.string(),
    oobCode: z.string(),
    untilMs: z.number(),
    intervalSeconds: z.number(),
  }),
]);

type Saved = z.output<typeof savedShape>;
type Waiting = Extract<Saved, { readonly stage: 'push' }>;

export interface DirectAuthenticationParts {
  readonly options: OktaOptions & { readonly clientId: string };
  readonly org: OktaOrg;
  readonly people: People;
  readonly surroundings: Surroundings;
}

export class DirectAuthentication implements PersonProvider {
  readonly #options: DirectAuthenticationParts['options'];
  readonly #org: OktaOrg;
  readonly #people: People;
  readonly #now: () => number;
  readonly #endpoint: TokenEndpoint;
  readonly #idTokens: IdTokenVerifier<typeof subjectClaims>;
  readonly #issuer: string;

  constructor({ options, org, people, surroundings }: DirectAuthenticationParts) {
    const { authorizationServerId: server, clientId } = options;
    const basePath = server === undefined ? '/oauth2/v1' : `/oauth2/${server}/v1`;
    this.#options = options;
    this.#org = org;
    this.#people = people;
    this.#now = surroundings.now;
    this.#issuer = server === undefined ? org.origin : `${org.origin}/oauth2/${server}`;
    this.#endpoint = new TokenEndpoint({ org, options, basePath });
    this.#idTokens = new IdTokenVerifier({
      name: 'Okta',
      issuer: this.#issuer,
      clientId,
      claims: subjectClaims,
      fetchKeys: (signal) => org.call({ method: 'GET', url: `${basePath}/keys`, signal }),
      now: this.#now,
    });
  }

  async password(login: Login, typed: Secret): Promise<Step> {
    requirePassword(typed);
    const secondFactor = secondFactorOf(login, this.#options);
    if (secondFactor === 'none') return this.#passwordAlone(login, typed);
    if (secondFactor === 'prompts') return this.#passwordThenPrompts(login, typed);
    const { password, code } = splitAppendedCode(typed, this.#options);
    const mfaToken = requireAskedFor(await this.#passwordGrant(login, password));
    return this.#codeGrant(login, mfaToken, code);
  }

  async answers(login: Login, saved: Json, answers: readonly Secret[]): Promise<Step> {
    const parsed = savedShape.safeParse(saved);
    if (!parsed.success) throw new Denied('STATE_INVALID');
    const state = parsed.data;
    const mfaToken = new Secret(state.mfaToken);
    switch (state.stage) {
      case 'choose':
        return this.#choose(login, mfaToken, state, answers);
      case 'otp':
        return this.#codeGrant(login, mfaToken, requireCode(answers));
      case 'sent':
        return this.#sentCodeGrant(login, mfaToken, new Secret(state.oobCode), requireCode(answers));
      case 'push':
        return this.#poll(login, state);
    }
  }

  lookUp(login: Login): Promise<Person | undefined> {
    return this.#people.find(login);
  }

  async check(signal: AbortSignal): Promise<void> {
    const url = `${this.#issuer}/.well-known/openid-configuration`;
    const { status, json } = await this.#org.call({ method: 'GET', url, signal });
    const parsed = z.looseObject({ issuer: z.literal(this.#issuer) }).safeParse(json);
    if (status !== 200 || !parsed.success)
      throw new IdentityFault('CONFIGURATION_INVALID', 'There is no such authorization server at orgUrl.');
    await this.#people.check(signal);
  }

  async close(): Promise<void> {}

  async #passwordAlone(login: Login, password: Secret): Promise<Step> {
    const answer = await this.#passwordGrant(login, password);
    if (answer.outcome === 'mfa-required')
      throw new Denied('MFA_REQUIRED', 'Okta asks for a second factor, and `mfa` is `none`.');
    return this.#verified(login, answer, ['password']);
  }

  async #passwordThenPrompts(login: Login, password: Secret): Promise<Step> {
    const mfaToken = requireAskedFor(await this.#passwordGrant(login, password));
    const methods = methodsIn(this.#options.factorOrder);
    const [first, ...others] = methods;
    if (first === undefined)
      throw new Denied('MFA_UNSUPPORTED', 'factorOrder names none of direct authentication.');
    if (others.length === 0 || this.#options.factorChoice === 'first')
      return this.#use(login, mfaToken, first);
    return askToChoose(mfaToken, methods, 1);
  }

  #passwordGrant(login: Login, password: Secret): Promise<TokenAnswer> {
    const username = signInNameOf(login.userName, this.#options);
    const form = { grant_type: 'password', username, password: password.reveal() };
    return this.#endpoint.request(login, 'password', form);
  }

  async #codeGrant(login: Login, mfaToken: Secret, code: Secret): Promise<Step> {
    const form = { grant_type: MFA_OTP, mfa_token: mfaToken.reveal(), otp: code.reveal() };
    return this.#verified(login, await this.#endpoint.request(login, 'code', form), ['password', 'code']);
  }

  async #sentCodeGrant(login: Login, mfaToken: Secret, oobCode: Secret, code: Secret): Promise<Step> {
    const form = {
      grant_type: MFA_OOB,
      mfa_token: mfaToken.reveal(),
      oob_code: oobCode.reveal(),
      binding_code: code.reveal(),
    };
    return this.#verified(login, await this.#endpoint.request(login, 'code', form), ['password', 'code']);
  }

  async #choose(
    login: Login,
    mfaToken: Secret,
    { methods, tries }: Extract<Saved, { readonly stage: 'choose' }>,
    answers: readonly Secret[],
  ): Promise<Step> {
    const choice = chosen(methods, answers);
    if (choice !== undefined) return this.#use(login, mfaToken, choice);
    if (tries >= MAX_CHOICE_TRIES) throw new Denied('CODE_MISSING', 'No factor was chosen.');
    return askToChoose(mfaToken, methods, tries + 1);
  }

  async #use(login: Login, token: Secret, choice: Method): Promise<Step> {
    const mfaToken = token.reveal();
    if (choice === 'otp') return asks(codeQuestion(`Code (${LABELS.otp})`), { stage: 'otp', mfaToken });
    const { code, intervalSeconds, shownCode } = await this.#challenge(login, token, choice);
    const oobCode = code.reveal();
    if (choice !== 'push')
      return asks(codeQuestion(`Code (${LABELS[choice]})`), { stage: 'sent', mfaToken, oobCode });
    const untilMs = this.#now() + PUSH_LIMIT_MS;
    const instruction =
      shownCode === undefined ? 'Approve the sign-in on your phone.' : `Choose ${shownCode} on your phone.`;
    return askAgain({ stage: 'push', mfaToken, oobCode, untilMs, intervalSeconds }, instruction);
  }

  #challenge(login: Login, mfaToken: Secret, channel: Channel) {
    return this.#endpoint.challenge(login, mfaToken, channel);
  }

  async #poll(login: Login, state: Waiting): Promise<Step> {
    if (this.#now() >= state.untilMs) throw new Denied('MFA_TIMED_OUT');
    const form = { grant_type: MFA_OOB, mfa_token: state.mfaToken, oob_code: state.oobCode };
    const answer = await this.#endpoint.request(login, 'push', form);
    if (answer.outcome !== 'pending') return this.#verified(login, answer, ['password', 'push']);
    const slower = answer.isTooFast ? SLOW_DOWN_SECONDS : 0;
    return askAgain({
      ...state,
      intervalSeconds: Math.min(state.intervalSeconds + slower, MAX_INTERVAL_SECONDS),
    });
  }

  async #verified(login: Login, answer: TokenAnswer, proofs: readonly Proof[]): Promise<Step> {
    if (answer.outcome !== 'tokens')
      throw new IdentityFault('UPSTREAM_ANSWER_INVALID', 'Okta goes on where it should have ended.');
    const claims = await login.trace.measure(
      'okta: id token',
      () => this.#idTokens.verify(answer.idToken, login.signal),
      () => 'holds',
    );
    const { sub, preferred_username: name } = claims;
    const person: Person = {
      subject: sub,
      userName: typeof name === 'string' ? name : signInNameOf(login.userName, this.#options),
      attributes: attributesOf(claims),
      groups: groupsIn(claims.groups),
      proofs,
    };
    return { outcome: 'verified', person: await this.#people.proven(login, person) };
  }
}

/** @throws Denied MFA_REQUIRED where Okta did not ask for a second factor: what was typed as a code proves nothing then */
function requireAskedFor(answer: TokenAnswer): Secret {
  if (answer.outcome === 'mfa-required') return answer.mfaToken;
  throw new Denied('MFA_REQUIRED', 'Okta lets the user in without one: its policy does not ask for it.');
}

function requireCode(answers: readonly Secret[]): Secret {
  const code = codeIn(answers);
  if (code.reveal() === '') throw new Denied('CODE_MISSING', 'Nothing was typed.');
  return code;
}

/** In the order of the configuration, each once. */
function methodsIn(factorOrder: readonly string[]): readonly Method[] {
  return [...new Set(factorOrder.flatMap((name) => methodOf(name.split('/')[0] ?? '')))];
}

function methodOf(type: string): readonly Method[] {
  if (wayOf({ type }) === 'code') return ['otp'];
  if (type === 'push' || type === 'sms') return [type];
  return type === 'call' ? ['voice'] : [];
}

function askToChoose(mfaToken: Secret, methods: readonly Method[], tries: number): Step {
  const question = choiceQuestion(methods.map((each) => LABELS[each]));
  return asks(question, { stage: 'choose', mfaToken: mfaToken.reveal(), methods: [...methods], tries });
}

function askAgain(state: Waiting, instruction?: string): Step {
  const shown = instruction === undefined ? {} : { instruction };
  return asks({ ...shown, prompts: [], pollSeconds: state.intervalSeconds }, state);
}

function asks(question: Question, saved: Saved): Step {
  return { outcome: 'asks', question, saved };
}

/** The claim holds names; there is no id to it. */
function groupsIn(claim: unknown): readonly Group[] {
  const parsed = z.array(z.string()).safeParse(claim);
  return parsed.success ? parsed.data.map((name) => ({ id: name, name })) : [];
}
