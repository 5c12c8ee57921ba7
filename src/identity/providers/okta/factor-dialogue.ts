/** The second factor by questions and answers: choose it, type its code, or wait for the phone. */

import { z } from 'zod';
import { Denied } from '../../decision.ts';
import { Secret } from '../../secret.ts';
import type { Json, Login, Proof, Question, Step } from '../provider.ts';
import type { AuthenticationApi, FactorProof } from './authentication-api.ts';
import { type Factor, labelOf, usableFactors, wayOf } from './factors.ts';
import type { OktaOptions } from './options.ts';
import type { OktaOrg } from './org.ts';
import {
  choiceQuestion,
  chosen,
  codeIn,
  codeQuestion,
  MAX_CHOICE_TRIES,
  onlyAnswer,
  pollQuestion,
} from './questions.ts';
import { statusRefusal, type Transaction } from './transaction.ts';

/** Factors that one is chosen from; the choice travels with the dialogue. */
const MAX_CHOICES = 8;
/** Longest wait for a phone. */
const PUSH_LIMIT_MS = 45_000;
/** Okta sends the next code by SMS or call only so long after the last one. */
const RESEND_AFTER_MS = 30_000;
const MAX_RESENDS = 2;

const factorShape = z.strictObject({
  type: z.string(),
  provider: z.string(),
  path: z.string(),
  detail: z.string().optional(),
});
const common = { stateToken: z.string().min(1), userId: z.string().optional() };

/** What travels between two questions; sealed by who carries it, and checked all the same. */
const savedShape = z.discriminatedUnion('stage', [
  z.strictObject({ stage: z.literal('choose'), ...common, tries: z.int(), factors: z.array(factorShape) }),
  z.strictObject({
    stage: z.literal('code'),
    ...common,
    factor: factorShape,
    /** Where Okta sent the code: when, how often again, and where to ask for it. */
    sent: z.strictObject({ atMs: z.number(), again: z.int(), path: z.string().optional() }).optional(),
  }),
  z.strictObject({
    stage: z.literal('push'),
    ...common,
    path: z.string(),
    untilMs: z.number(),
    polls: z.int(),
    number: z.string().optional(),
  }),
]);

type Saved = z.output<typeof savedShape>;
type SavedFactor = z.output<typeof factorShape>;
type SavedAt<Stage extends Saved['stage']> = Extract<Saved, { readonly stage: Stage }>;

/** What every stage knows of the transaction. */
interface Thread {
  readonly stateToken: Secret;
  readonly userId: string | undefined;
}

/** Okta's answer to a proof, still to be judged. */
export interface Verified {
  readonly outcome: 'proven';
  readonly transaction: Transaction;
  readonly proofs: readonly Proof[];
}

type Asks = Extract<Step, { readonly outcome: 'asks' }>;

export interface FactorDialogueParts {
  readonly api: AuthenticationApi;
  readonly org: OktaOrg;
  readonly options: Pick<OktaOptions, 'factorOrder' | 'factorChoice'>;
  readonly now: () => number;
}

export class FactorDialogue {
  readonly #api: AuthenticationApi;
  readonly #org: OktaOrg;
  readonly #options: FactorDialogueParts['options'];
  readonly #now: () => number;

  constructor({ api, org, options, now }: FactorDialogueParts) {
    this.#api = api;
    this.#org = org;
    this.#options = options;
    this.#now = now;
  }

  /** After the password, with a transaction that asks for a factor. @throws Denied, IdentityFault */
  async begin(
    login: Login,
    { stateToken, transaction }: { readonly stateToken: Secret; readonly transaction: Transaction },
  ): Promise<Asks | Verified> {
    const thread: Thread = { stateToken, userId: transaction.user?.id };
    const usable = usableFactors(transaction.factors, this.#options.factorOrder).slice(0, MAX_CHOICES);
    const factors = usable.map((factor) => this.#savedFactor(factor));
    const [first, ...others] = factors;
    if (first === undefined) throw new Denied('MFA_UNSUPPORTED');
    if (others.length > 0 && this.#options.factorChoice === 'ask') return askToChoose(thread, factors, 1);
    return requireProven(thread, await this.#use(login, thread, first));
  }

  /** @throws Denied, IdentityFault */
  async goOn(login: Login, saved: Json, answers: readonly Secret[]): Promise<Asks | Verified> {
    const parsed = savedShape.safeParse(saved);
    if (!parsed.success) throw new Denied('STATE_INVALID');
    const state = parsed.data;
    const thread: Thread = { stateToken: new Secret(state.stateToken), userId: state.userId };
    return this.#api.orCancel(login, thread.stateToken, async () =>
      requireProven(thread, await this.#next(login, thread, state, answers)),
    );
  }

  #next(login: Login, thread: Thread, state: Saved, answers: readonly Secret[]): Promise<Asks | Verified> {
    switch (state.stage) {
      case 'choose':
        return this.#choose(login, thread, state, answers);
      case 'code':
        return this.#takeCode(login, thread, state, answers);
      case 'push':
        return this.#poll(login, thread, state);
    }
  }

  async #choose(
    login: Login,
    thread: Thread,
    { factors, tries }: SavedAt<'choose'>,
    answers: readonly Secret[],
  ): Promise<Asks | Verified> {
    const factor = chosen(factors, answers);
    if (factor !== undefined) return this.#use(login, thread, factor);
    if (tries >= MAX_CHOICE_TRIES) throw new Denied('CODE_MISSING', 'No factor was chosen.');
    return askToChoose(thread, factors, tries + 1);
  }

  /** Begins with one factor; from here on there is no other. */
  async #use(login: Login, thread: Thread, factor: SavedFactor): Promise<Asks | Verified> {
    switch (wayOf(factor)) {
      case 'push':
        return this.#push(login, thread, factor);
      case 'sent':
        return this.#send(login, thread, factor);
      case 'answer':
        return asks(codeQuestion(factor.detail ?? 'Answer'), thread, { stage: 'code', factor });
      case 'code':
        return asks(codeQuestion(`Code (${shownLabel(factor)})`), thread, { stage: 'code', factor });
      case undefined:
        throw new Denied('STATE_INVALID');
    }
  }

  async #send(login: Login, thread: Thread, factor: SavedFactor): Promise<Asks> {
    const transaction = await this.#api.verify(login, factor.path, thread.stateToken, undefined);
    if (transaction.status !== 'MFA_CHALLENGE') throw statusRefusal(transaction);
    const { resendHref } = transaction;
    const path = resendHref === undefined ? {} : { path: this.#org.transactionPath(resendHref) };
    return askForSent(thread, factor, { atMs: this.#now(), again: 0, ...path });
  }

  async #takeCode(
    login: Login,
    thread: Thread,
    { factor, sent }: SavedAt<'code'>,
    answers: readonly Secret[],
  ): Promise<Asks | Verified> {
    const isQuestion = wayOf(factor) === 'answer';
    const typed = isQuestion ? onlyAnswer(answers) : codeIn(answers);
    if (typed.reveal() === '') {
      if (sent === undefined) throw new Denied('CODE_MISSING', 'Nothing was typed.');
      return this.#sendAgain(login, thread, factor, sent);
    }
    const proof: FactorProof = isQuestion ? { answer: typed } : { passCode: typed };
    const transaction = await this.#api.verify(login, factor.path, thread.stateToken, proof);
    return { outcome: 'proven', transaction, proofs: ['password', isQuestion ? 'answer' : 'code'] };
  }

  /** Okta would answer an early request with an error, which would end the login. */
  async #sendAgain(
    login: Login,
    thread: Thread,
    factor: SavedFactor,
    sent: NonNullable<SavedAt<'code'>['sent']>,
  ): Promise<Asks> {
    const waitMs = sent.atMs + RESEND_AFTER_MS - this.#now();
    if (sent.path === undefined || sent.again >= MAX_RESENDS)
      throw new Denied('CODE_MISSING', 'Nothing was typed.');
    if (waitMs > 0)
      return askForSent(
        thread,
        factor,
        { ...sent, again: sent.again + 1 },
        `A new code can be had in ${Math.ceil(waitMs / 1000)} seconds.`,
      );
    const transaction = await this.#api.resend(login, sent.path, thread.stateToken);
    if (transaction.status !== 'MFA_CHALLENGE') throw statusRefusal(transaction);
    return askForSent(thread, factor, { ...sent, atMs: this.#now(), again: sent.again + 1 });
  }

  async #push(login: Login, thread: Thread, { path }: SavedFactor): Promise<Asks | Verified> {
    const untilMs = this.#now() + PUSH_LIMIT_MS;
    const transaction = await this.#api.verify(login, path, thread.stateToken, undefined);
    const state = { stage: 'push', path, untilMs, polls: 0 } as const;
    return this.#wait(thread, state, transaction, 'Approve the sign-in on your phone.');
  }

  async #poll(login: Login, thread: Thread, state: SavedAt<'push'>): Promise<Asks | Verified> {
    if (this.#now() >= state.untilMs) throw new Denied('MFA_TIMED_OUT');
    const transaction = await this.#api.verify(login, state.path, thread.stateToken, undefined);
    return this.#wait(thread, { ...state, polls: state.polls + 1 }, transaction);
  }

  /** Asks to be asked again while the phone is silent; the number is shown as soon as there is one. */
  #wait(
    thread: Thread,
    state: Omit<SavedAt<'push'>, 'stateToken' | 'userId'>,
    transaction: Transaction,
    instruction?: string,
  ): Asks | Verified {
    const { status, factorResult, pollHref, expiresAtMs, number } = transaction;
    const isWaiting = status === 'MFA_CHALLENGE' && factorResult === 'WAITING' && pollHref !== undefined;
    if (!isWaiting) return { outcome: 'proven', transaction, proofs: ['password', 'push'] };
    const isNew = number !== undefined && number !== state.number;
    const text = isNew ? `Choose ${number} on your phone.` : instruction;
    return asks(pollQuestion(state.polls, text), thread, {
      stage: 'push',
      path: this.#org.transactionPath(pollHref),
      // Every call moves Okta's own end further; ours stays.
      untilMs: Math.min(state.untilMs, expiresAtMs ?? state.untilMs),
      polls: state.polls,
      ...(number === undefined ? {} : { number }),
    });
  }

  #savedFactor({ type, provider, verifyHref, detail }: Factor): SavedFactor {
    const path = this.#org.transactionPath(verifyHref);
    return { type, provider, path, ...(detail === undefined ? {} : { detail }) };
  }
}

function askToChoose(thread: Thread, factors: readonly SavedFactor[], tries: number): Asks {
  const question = choiceQuestion(factors.map(shownLabel));
  return asks(question, thread, { stage: 'choose', tries, factors: [...factors] });
}

function askForSent(
  thread: Thread,
  factor: SavedFactor,
  sent: NonNullable<SavedAt<'code'>['sent']>,
  remark = 'Press Enter to have the code sent again.',
): Asks {
  const question = codeQuestion(`Code (${shownLabel(factor)})`, sent.path === undefined ? undefined : remark);
  return asks(question, thread, { stage: 'code', factor, sent });
}

type Stage = Saved extends infer Each
  ? Each extends Saved
    ? Omit<Each, 'stateToken' | 'userId'>
    : never
  : never;

function asks(question: Question, { stateToken, userId }: Thread, stage: Stage): Asks {
  const saved = { ...stage, stateToken: stateToken.reveal(), ...(userId === undefined ? {} : { userId }) };
  // Members that are undefined are gone after JSON, as they are on their way anyway.
  return { outcome: 'asks', question, saved: JSON.parse(JSON.stringify(saved)) };
}

function shownLabel({ type, provider, detail }: SavedFactor): string {
  return labelOf({ type, provider, ...(detail === undefined ? {} : { detail }) });
}

/** Here and not later, so that what is refused is cancelled too. */
function requireProven({ userId }: Thread, next: Asks | Verified): Asks | Verified {
  if (next.outcome === 'asks') return next;
  const { status, user } = next.transaction;
  if (status !== 'SUCCESS' && status !== 'PASSWORD_WARN') throw statusRefusal(next.transaction);
  if (user !== undefined && userId !== undefined && user.id !== userId) throw new Denied('IDENTITY_MISMATCH');
  return next;
}
