/** What the user is asked after the password: which device, its code, or to approve on the phone. */

import { z } from 'zod';
import { Denied, IdentityFault } from '../../decision.ts';
import { Secret } from '../../secret.ts';
import { codeIn, onlyAnswer } from '../one-answer.ts';
import type { Json, Login, Proof, Question, Step } from '../provider.ts';
import type { OneLoginAccount } from './account.ts';
import type { OneLoginAnswer, OneLoginUser } from './answer.ts';
import { type Device, usableDevices, wayOf } from './devices.ts';
import type { OneLoginOptions } from './options.ts';

/** Longest wait for a phone. */
const PUSH_LIMIT_MS = 60_000;
/** Pause between two polls; the first ones come sooner. */
const MAX_POLL_SECONDS = 4;
/** How often a number may be mistyped. */
const MAX_CHOICE_TRIES = 3;

const transaction = { stateToken: z.string().min(1), userId: z.string().min(1) };
const device = z.strictObject({ id: z.string().min(1), type: z.string().min(1) });
const savedShape = z.discriminatedUnion('stage', [
  z.strictObject({ stage: z.literal('choose'), ...transaction, devices: z.array(device), tries: z.int() }),
  z.strictObject({ stage: z.literal('code'), ...transaction, deviceId: z.string().min(1) }),
  z.strictObject({
    stage: z.literal('push'),
    ...transaction,
    deviceId: z.string().min(1),
    untilMs: z.number(),
    polls: z.int(),
  }),
]);
type Saved = z.output<typeof savedShape>;
type Waiting = Extract<Saved, { readonly stage: 'push' }>;
type Transaction = Pick<Saved, 'stateToken' | 'userId'>;

export type Next =
  | Extract<Step, { outcome: 'asks' }>
  | { readonly outcome: 'proven'; readonly user: OneLoginUser; readonly proof: Proof };

export interface DialogueParts {
  readonly account: OneLoginAccount;
  readonly options: Pick<OneLoginOptions, 'deviceOrder' | 'deviceChoice'>;
  readonly now: () => number;
}

export class Dialogue {
  readonly #account: OneLoginAccount;
  readonly #options: DialogueParts['options'];
  readonly #now: () => number;

  constructor({ account, options, now }: DialogueParts) {
    this.#account = account;
    this.#options = options;
    this.#now = now;
  }

  /** @throws Denied, IdentityFault */
  async begin(
    login: Login,
    { stateToken, user, devices }: Extract<OneLoginAnswer, { outcome: 'mfa-required' }>,
  ): Promise<Next> {
    const { deviceOrder, deviceChoice } = this.#options;
    const usable = usableDevices(devices, deviceOrder);
    const [first, ...others] = usable;
    if (first === undefined) throw withoutDevice(devices);
    const begun = { stateToken: stateToken.reveal(), userId: user.id };
    if (others.length === 0 || deviceChoice === 'first') return this.#use(login, begun, first);
    return askToChoose(begun, usable, 1);
  }

  /** @throws Denied, IdentityFault */
  async goOn(login: Login, json: Json, answers: readonly Secret[]): Promise<Next> {
    const parsed = savedShape.safeParse(json);
    if (!parsed.success) throw new Denied('STATE_INVALID');
    const saved = parsed.data;
    switch (saved.stage) {
      case 'choose':
        return this.#choose(login, saved, answers);
      case 'code': {
        const factor = { ...factorOf(saved), judged: 'code', code: codeIn(answers) } as const;
        return proven(saved, await this.#account.verifyFactor(login, factor), 'code');
      }
      case 'push':
        return this.#poll(login, saved);
    }
  }

  async #choose(
    login: Login,
    { devices, tries, stateToken, userId }: Extract<Saved, { readonly stage: 'choose' }>,
    answers: readonly Secret[],
  ): Promise<Next> {
    const typed = onlyAnswer(answers).reveal();
    const choice = /^\d{1,2}$/.test(typed) ? devices[Number(typed) - 1] : undefined;
    if (choice !== undefined) return this.#use(login, { stateToken, userId }, choice);
    if (tries >= MAX_CHOICE_TRIES) throw new Denied('CODE_MISSING', 'No device was chosen.');
    return askToChoose({ stateToken, userId }, devices, tries + 1);
  }

  async #use(login: Login, begun: Transaction, device: Device): Promise<Next> {
    const saved = { ...begun, deviceId: device.id };
    const way = wayOf(device);
    if (way === 'code') return askForCode(saved, device);
    const judged = way === 'push' ? 'push' : 'code';
    const answer = await this.#account.verifyFactor(login, { ...factorOf(saved), judged });
    if (answer.outcome !== 'pending') return proven(saved, answer, judged);
    if (way === 'sent') return askForCode(saved, device);
    const untilMs = this.#now() + PUSH_LIMIT_MS;
    return askAgain(
      { stage: 'push', ...saved, untilMs, polls: 0 },
      'Approve the sign-in in OneLogin Protect.',
    );
  }

  async #poll(login: Login, saved: Waiting): Promise<Next> {
    if (this.#now() >= saved.untilMs) throw new Denied('MFA_TIMED_OUT');
    const factor = { ...factorOf(saved), judged: 'push', isPoll: true } as const;
    const answer = await this.#account.verifyFactor(login, factor);
    if (answer.outcome === 'pending') return askAgain({ ...saved, polls: saved.polls + 1 });
    return proven(saved, answer, 'push');
  }
}

/**
 * Who was proven with both factors, who must be whose password it was.
 * @throws Denied IDENTITY_MISMATCH; IdentityFault UPSTREAM_ANSWER_INVALID
 */
export function proven({ userId }: Pick<Transaction, 'userId'>, answer: OneLoginAnswer, proof: Proof): Next {
  if (answer.outcome !== 'authenticated')
    throw new IdentityFault('UPSTREAM_ANSWER_INVALID', 'OneLogin goes on where it should have ended.');
  if (answer.user.id !== userId) throw new Denied('IDENTITY_MISMATCH');
  return { outcome: 'proven', user: answer.user, proof };
}

export function withoutDevice(devices: readonly Device[]): Denied {
  if (devices.length === 0) return new Denied('MFA_ENROLMENT_REQUIRED');
  return new Denied('MFA_UNSUPPORTED', 'The user has no device of deviceOrder that can be used here.');
}

function factorOf({ stateToken, deviceId }: Pick<Waiting, 'stateToken' | 'deviceId'>) {
  return { stateToken: new Secret(stateToken), deviceId };
}

function askToChoose(begun: Transaction, devices: readonly Device[], tries: number): Next {
  const lines = devices.map(({ type }, index) => `${index + 1}: ${type}`);
  const question: Question = {
    instruction: ['Second factor:', ...lines].join('\n'),
    prompts: [{ text: `Choose 1 to ${devices.length}: `, echo: true }],
  };
  return asks(question, { stage: 'choose', ...begun, devices: [...devices], tries });
}

function askForCode(saved: Transaction & { readonly deviceId: string }, { type }: Device): Next {
  return asks({ prompts: [{ text: `Code (${type}): `, echo: false }] }, { stage: 'code', ...saved });
}

function askAgain(saved: Waiting, instruction?: string): Next {
  const shown = instruction === undefined ? {} : { instruction };
  const pollSeconds = Math.min(2 ** saved.polls, MAX_POLL_SECONDS);
  return asks({ ...shown, prompts: [], pollSeconds }, saved);
}

function asks(question: Question, saved: Saved): Next {
  return { outcome: 'asks', question, saved };
}
