/** A login by prompts: carries the provider's challenges to the user, and the answers back, until it grants or refuses. */

import { setTimeout as wait } from 'node:timers/promises';
import {
  type Challenged,
  type Granted,
  MAX_CHALLENGE_ROUNDS,
  type ProviderChallenge,
  type Refused,
  refused,
} from '../identity/index.ts';
import type { Challenge, DialogueAttempt } from '../ssh/index.ts';
import type { ProviderQuestions } from './provider-questions.ts';

/** Polls of one login: 20 minutes at one every other second, far beyond any grace time for a login. */
const MAX_POLLS = 600;
const MS = 1000;

/** What a dialogue begins with, whoever the user is. WinSCP and FileZilla fill in a saved password here. */
const PASSWORD_CHALLENGE: Challenge = {
  name: '',
  instruction: '',
  prompts: [{ text: 'Password: ', echo: false }],
};

export class ProviderDialogue {
  readonly #attempt: DialogueAttempt;
  readonly #questions: ProviderQuestions;
  #roundCount = 0;
  #pollCount = 0;

  constructor(attempt: DialogueAttempt, questions: ProviderQuestions) {
    this.#attempt = attempt;
    this.#questions = questions;
  }

  /** Begins with the password, which the provider judges as any other. */
  async withPassword(): Promise<Granted | Refused> {
    this.#roundCount = 1;
    const [password = ''] = await this.#attempt.prompt(PASSWORD_CHALLENGE);
    return this.#finish(await this.#questions.askInDialogue(this.#attempt, { password }));
  }

  /**
   * Leaves the first question to the provider too. It has to ask one: an event without a password is a key look-up to a function
   * that knows no dialogues, and its answer, where the user has no keys, is a grant for nothing.
   */
  async fromProvider(): Promise<Granted | Refused> {
    const first = await this.#questions.askInDialogue(this.#attempt, { challengeAnswers: [] });
    return first.outcome === 'granted' ? refused('CHALLENGE_READ_AS_LOOKUP') : this.#finish(first);
  }

  async #finish(first: Granted | Challenged | Refused): Promise<Granted | Refused> {
    let step = first;
    while (step.outcome === 'challenged') {
      if (!this.#mayGoOn(step.challenge)) return refused('CHALLENGE_TOO_MANY_ROUNDS');
      step = await this.#goOn(step);
    }
    return step;
  }

  /** A poll that shows nothing costs the user nothing, so it has a bound of its own. */
  #mayGoOn(challenge: ProviderChallenge): boolean {
    if (isSilent(challenge)) {
      this.#pollCount += 1;
      return this.#pollCount <= MAX_POLLS;
    }
    this.#roundCount += 1;
    return this.#roundCount <= MAX_CHALLENGE_ROUNDS;
  }

  async #goOn({ challenge, state }: Challenged): Promise<Granted | Challenged | Refused> {
    const challengeAnswers = isSilent(challenge) ? [] : await this.#attempt.prompt(challenge);
    const { signal } = this.#attempt;
    if (challenge.pollSeconds !== undefined) await pause(challenge.pollSeconds * MS, signal);
    if (signal.aborted) return refused('ABORTED');
    return this.#questions.askInDialogue(this.#attempt, {
      challengeAnswers,
      ...(state === undefined ? {} : { state }),
    });
  }
}

function isSilent({ pollSeconds, name, instruction }: ProviderChallenge): boolean {
  return pollSeconds !== undefined && name === '' && instruction === '';
}

/** Ends early, without an error, when the client goes away. */
async function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  await wait(durationMs, undefined, { signal, ref: false }).catch(() => {});
}
