/** One configured provider with its rules, its limits and its sources of profiles. */

import { type DenialCode, Denied, IdentityFault } from '../decision.ts';
import { TotpCheck } from '../passwords/totp.ts';
import { splitAppendedCode } from '../providers/appended-code.ts';
import type { Json, Login, Person, PersonProvider, Question, Step } from '../providers/provider.ts';
import type { UserRecord } from '../records/record.ts';
import type { Secret } from '../secret.ts';
import type { Surroundings } from '../surroundings.ts';
import { answerOf } from './answer.ts';
import { judgeConditions } from './conditions.ts';
import { withDeadline } from './deadline.ts';
import type { Pending } from './dialogue-state.ts';
import { FailureLimiter } from './failure-limiter.ts';
import { KnownSources } from './known-sources.ts';
import type { ProviderRules } from './options.ts';
import { CODE_QUESTION, PASSWORD_QUESTION } from './question.ts';
import { type Approach, Rules } from './rules.ts';
import { asFault, describeMistake } from './unexpected.ts';

const MS = 1000;

/** What a login brings to a provider. `code`: what the user answered to our own question for one, before anything was proven. */
export type Credentials =
  | { readonly kind: 'keys' }
  | { readonly kind: 'begin'; readonly code?: Secret }
  | { readonly kind: 'password'; readonly password: Secret; readonly code?: Secret }
  | {
      readonly kind: 'answers';
      readonly answers: readonly Secret[];
      readonly saved: Json;
      readonly code?: Secret;
    };

export type RouteStep =
  | { readonly outcome: 'granted'; readonly answer: object }
  | { readonly outcome: 'asks'; readonly question: Question; readonly pending: Pending }
  | {
      readonly outcome: 'denied';
      readonly denial: Denied;
      /** Whether the user is one of this provider, as far as it told. */
      readonly isUserKnown: boolean;
    };

/** Where the members of the contract come from once somebody is proven. */
export interface ProfileFinder {
  /** @throws Denied, IdentityFault */
  find(person: Person, login: Login): Promise<UserRecord>;
  close(): Promise<void>;
}

export interface RouteSettings {
  /** Of the provider in the configuration. */
  readonly name: string;
  readonly rules: ProviderRules;
  readonly provider: PersonProvider;
  readonly profiles: ProfileFinder;
  readonly surroundings: Surroundings;
}

type FromProvider =
  | { readonly outcome: 'verified'; readonly person: Person; readonly code?: Secret }
  | Exclude<RouteStep, { outcome: 'granted' | 'denied' }>;

/** Denials of a provider and its profiles that leave open whether the user is one of theirs. */
const UNKNOWN_USER: ReadonlySet<DenialCode> = new Set(['USER_UNKNOWN']);
/** The same where the provider cannot look people up, so that only records speak for a login by key. */
const UNKNOWN_KEY_USER: ReadonlySet<DenialCode> = new Set(['USER_UNKNOWN', 'NO_KEYS', 'NOT_MAPPED']);

export class Route {
  readonly name: string;
  readonly #options: ProviderRules;
  readonly #rules: Rules;
  readonly #provider: PersonProvider;
  readonly #profiles: ProfileFinder;
  readonly #now: () => number;
  readonly #failures: FailureLimiter;
  readonly #sources: KnownSources;
  readonly #totp: TotpCheck;
  readonly #warn: (text: string) => void;
  #inProgressCount = 0;

  constructor({ name, rules, provider, profiles, surroundings }: RouteSettings) {
    this.name = name;
    this.#options = rules;
    this.#rules = new Rules(rules);
    this.#provider = provider;
    this.#profiles = profiles;
    this.#now = surroundings.now;
    this.#failures = new FailureLimiter(rules.failures, surroundings.now);
    this.#sources = new KnownSources(rules.failures.maxUsers, surroundings.now);
    this.#totp = new TotpCheck(surroundings);
    this.#warn = surroundings.warn;
  }

  /** The name that the provider is asked for. @throws Denied where the rules keep this login from the provider */
  admit(login: Approach & Pick<Login, 'trace'>, credentials: Credentials): string {
    try {
      this.#rules.judge(login, this.#now());
      if (credentials.kind === 'keys' && !this.#options.keyLogins) throw new Denied('KEYS_NOT_ACCEPTED');
      const userName = this.#rules.nameFor(login.userName);
      login.trace.note(`${this.name}: rules`, 'passed');
      return userName;
    } catch (error) {
      if (error instanceof Denied) login.trace.note(`${this.name}: rules`, error.message);
      throw error;
    }
  }

  /** Judges an admitted login, with the name from `admit`. @throws IdentityFault */
  async step(login: Login, credentials: Credentials): Promise<RouteStep> {
    const { maxInProgress, timeoutSeconds } = this.#options;
    if (this.#inProgressCount >= maxInProgress)
      throw new IdentityFault('OVERLOADED', `${this.name} judges ${maxInProgress} logins.`);
    this.#inProgressCount += 1;
    try {
      if (timeoutSeconds === undefined) return await this.#judge(login, credentials);
      return await withDeadline(timeoutSeconds * MS, [login.signal], (signal) =>
        this.#judge({ ...login, signal }, credentials),
      );
    } catch (error) {
      throw this.#faultOf(error);
    } finally {
      this.#inProgressCount -= 1;
    }
  }

  /** For a login that goes on to another provider, because the user is none of this one. */
  forgetFailures(login: Pick<Login, 'serverId' | 'userName' | 'sourceIp'>): void {
    this.#failures.forgive(this.#sources.countedAs(accountOf(login), login.sourceIp));
  }

  /** @throws IdentityFault */
  async check(signal: AbortSignal): Promise<void> {
    await this.#provider.check?.(signal);
  }

  /** Never rejects. */
  async close(): Promise<void> {
    await Promise.allSettled([this.#provider.close(), this.#profiles.close()]);
  }

  async #judge(login: Login, credentials: Credentials): Promise<RouteStep> {
    if (credentials.kind === 'keys') return this.#judgeKeys(login);
    const account = accountOf(login);
    const key = this.#sources.countedAs(account, login.sourceIp);
    const isPoll = credentials.kind === 'answers' && credentials.answers.length === 0;
    return deniedAsStep(UNKNOWN_USER, () =>
      this.#failures.attempt(key, { isPoll, signal: login.signal }, async () => {
        const step = await this.#ask(login, credentials);
        if (step.outcome === 'asks') return this.#askUser(login, step);
        const answer = await this.#grant(login, step.person, step.code);
        this.#failures.forgive(key);
        this.#sources.remember(account, login.sourceIp);
        return { outcome: 'granted', answer };
      }),
    );
  }

  async #judgeKeys(login: Login): Promise<RouteStep> {
    let canLookUp = true;
    const step = await deniedAsStep(UNKNOWN_USER, async () => {
      const found = await this.#measured(
        login,
        'look-up',
        () => this.#provider.lookUp(login),
        describePerson,
      );
      canLookUp = found !== undefined;
      // A look-up proves nothing, whatever it says.
      const person = { ...(found ?? strangerOf(login)), proofs: [] };
      return { outcome: 'granted', answer: await this.#grantKeys(login, person) };
    });
    if (step.outcome !== 'denied' || canLookUp) return step;
    return { ...step, isUserKnown: !UNKNOWN_KEY_USER.has(step.denial.code) };
  }

  /** The provider's step, or our own questions that come before it. @throws Denied, IdentityFault */
  async #ask(login: Login, credentials: Exclude<Credentials, { kind: 'keys' }>): Promise<FromProvider> {
    switch (credentials.kind) {
      case 'password':
        return this.#askWithPassword(login, credentials);
      case 'begin':
        return this.#askToBegin(login, credentials);
      case 'answers': {
        const { saved, answers, code } = credentials;
        const { answers: answersOf = noAnswers } = this.#provider;
        const work = () => answersOf.call(this.#provider, login, saved, answers);
        return this.#ofProvider(await this.#measured(login, 'answers', work, describeStep), code);
      }
    }
  }

  async #askWithPassword(
    login: Login,
    { password, code }: Extract<Credentials, { kind: 'password' }>,
  ): Promise<FromProvider> {
    const { totp } = this.#options;
    const isPrompted = totp.mode === 'prompts' && login.canPrompt;
    // Asked for before the password is judged, so that the question comes for wrong passwords and unknown users too.
    if (isPrompted && code === undefined) return codeQuestion({ password: password.reveal() });
    if (totp.mode === 'prompts' && !isPrompted && totp.plainPassword === 'refuse')
      throw new Denied('MFA_REQUIRED', 'This login cannot be asked for a code.');
    const isAppended = totp.mode !== 'none' && !isPrompted;
    const parts = isAppended ? splitAppendedCode(password, totp) : { password, code };
    const work = () => this.#provider.password(login, parts.password);
    return this.#ofProvider(await this.#measured(login, 'password', work, describeStep), parts.code);
  }

  async #askToBegin(login: Login, { code }: Extract<Credentials, { kind: 'begin' }>): Promise<FromProvider> {
    const { begin } = this.#provider;
    if (begin === undefined)
      return { outcome: 'asks', question: PASSWORD_QUESTION, pending: { kind: 'password' } };
    if (this.#options.totp.mode !== 'none' && code === undefined) return codeQuestion({});
    const work = () => begin.call(this.#provider, login);
    return this.#ofProvider(await this.#measured(login, 'begin', work, describeStep), code);
  }

  #ofProvider(step: Step, code: Secret | undefined): FromProvider {
    const carried = code === undefined ? {} : { code };
    if (step.outcome === 'verified') return { outcome: 'verified', person: step.person, ...carried };
    if (step.outcome !== 'asks') throw new IdentityFault('INTERNAL_ERROR', `${this.name}: no step.`);
    const { question, saved } = step;
    const pending: Pending = {
      kind: 'provider',
      provider: this.name,
      saved,
      ...(code === undefined ? {} : { code: code.reveal() }),
    };
    return { outcome: 'asks', question, pending };
  }

  /** @throws Denied MFA_REQUIRED where nobody can be asked: what was asked for is not proven */
  #askUser(login: Login, step: Extract<RouteStep, { outcome: 'asks' }>): RouteStep {
    if (login.canPrompt) return step;
    throw new Denied('MFA_REQUIRED', 'This login cannot be asked for it.');
  }

  /** @throws Denied, IdentityFault */
  async #grant(login: Login, person: Person, code: Secret | undefined): Promise<object> {
    if (person.proofs.length === 0) throw new IdentityFault('INTERNAL_ERROR', `${this.name}: no proof.`);
    const isOfProtocol = person.record?.isPasswordOfProtocol === true;
    if (this.#options.requireProtocolPassword.includes(login.protocol) && !isOfProtocol)
      throw new Denied('PASSWORD_NOT_ACCEPTED', `${login.protocol} needs a password of its own.`);
    const record = await this.#recordOf(login, person);
    await this.#judgeCode(login, person, record, code);
    return answerOf(record, undefined);
  }

  async #grantKeys(login: Login, person: Person): Promise<object> {
    const record = await this.#recordOf(login, person);
    const hasNone = record.publicKeys.length === 0 && this.#options.keysOptional;
    return answerOf(record, hasNone ? undefined : this.#now());
  }

  async #recordOf(login: Login, person: Person): Promise<UserRecord> {
    const record = await this.#measured(
      login,
      'profiles',
      () => this.#profiles.find(person, login),
      () => 'found',
    );
    judgeConditions(record, login, this.#now());
    const { role } = record.session;
    if (role !== undefined) this.#rules.judgeRole(role);
    login.trace.note(`${this.name}: conditions of the record`, 'passed');
    return record;
  }

  /** Last of all, so that a code is not used up by a login that is refused for something else. */
  async #judgeCode(
    login: Login,
    person: Person,
    record: UserRecord,
    code: Secret | undefined,
  ): Promise<void> {
    if (this.#options.totp.mode === 'none') return;
    const { totp } = record;
    if (totp === undefined) throw new Denied('MFA_REQUIRED', 'The record has no secret for codes.');
    if (code === undefined) throw new Denied('CODE_MISSING');
    await this.#measured(
      login,
      'one-time code',
      // A store that compares names without case knows one person by many spellings.
      () => this.#totp.check(`${this.name} ${person.subject.toLowerCase()}`, totp, code, login.signal),
      () => 'right',
    );
  }

  /** What a mistake in a program says may hold a secret; where it is may be told. */
  #faultOf(error: unknown): IdentityFault {
    if (!(error instanceof IdentityFault)) this.#warn(`${this.name}: ${describeMistake(error)}`);
    return asFault(error);
  }

  #measured<Result>(
    login: Login,
    what: string,
    work: () => Promise<Result>,
    say: (result: Result) => string,
  ): Promise<Result> {
    return login.trace.measure(`${this.name}: ${what}`, work, say);
  }
}

/** A denial is an answer, and what a chain of providers does next depends on it. */
async function deniedAsStep(
  unknownUser: ReadonlySet<DenialCode>,
  work: () => Promise<RouteStep>,
): Promise<RouteStep> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Denied)) throw error;
    return { outcome: 'denied', denial: error, isUserKnown: !unknownUser.has(error.code) };
  }
}

function codeQuestion(given: { readonly password?: string }): FromProvider {
  return { outcome: 'asks', question: CODE_QUESTION, pending: { kind: 'code', ...given } };
}

function noAnswers(): Promise<Step> {
  throw new Denied('STATE_INVALID', 'The provider asked nothing.');
}

/** What failures are counted by. */
function accountOf({ serverId, userName }: Pick<Login, 'serverId' | 'userName'>): string {
  return `${serverId} ${userName.toLowerCase()}`;
}

/** Somebody of whom the provider says nothing: records of the name decide. */
function strangerOf({ userName }: Login): Person {
  return { subject: userName, userName, attributes: new Map(), groups: [], proofs: [] };
}

function describeStep(step: Step): string {
  return step.outcome === 'asks' ? 'asks the user' : `proven: ${step.person.proofs.join(', ')}`;
}

function describePerson(person: Person | undefined): string {
  return person === undefined ? 'cannot look people up' : `known, ${person.groups.length} groups`;
}
