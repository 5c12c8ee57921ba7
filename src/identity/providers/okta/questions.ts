/** What users of Okta are asked while they log in. */

import { Denied } from '../../decision.ts';
import { Secret } from '../../secret.ts';
import type { Question } from '../provider.ts';

/** Longest code or answer in UTF-16 units. */
const MAX_ANSWER_CHARACTERS = 256;
/** Longest pause between two polls of a push; the first ones come sooner. */
const MAX_POLL_SECONDS = 4;
/** How often a number may be mistyped. */
export const MAX_CHOICE_TRIES = 3;

/** Which of several factors to use. */
export function choiceQuestion(labels: readonly string[]): Question {
  const lines = labels.map((label, index) => `${index + 1}: ${label}`);
  return {
    instruction: ['Second factor:', ...lines].join('\n'),
    prompts: [{ text: `Choose 1 to ${labels.length}: `, echo: true }],
  };
}

/** Undefined where it is none of them. */
export function chosen<Choice>(choices: readonly Choice[], answers: readonly Secret[]): Choice | undefined {
  const text = onlyAnswer(answers).reveal().trim();
  return /^\d{1,2}$/.test(text) ? choices[Number(text) - 1] : undefined;
}

export function codeQuestion(label: string, instruction?: string): Question {
  return {
    ...(instruction === undefined ? {} : { instruction }),
    prompts: [{ text: `${label}: `, echo: false }],
  };
}

/** `pollCount`: polls so far. Without a text nothing is shown. */
export function pollQuestion(pollCount: number, instruction?: string): Question {
  return {
    ...(instruction === undefined ? {} : { instruction }),
    prompts: [],
    pollSeconds: Math.min(2 ** pollCount, MAX_POLL_SECONDS),
  };
}

/** Codes are shown in groups by many devices; the spaces are none of them. */
export function codeIn(answers: readonly Secret[]): Secret {
  return new Secret(onlyAnswer(answers).reveal().replaceAll(/\s/g, ''));
}

/** @throws Denied STATE_INVALID where not exactly one prompt was answered; PASSWORD_UNUSABLE where Okta could not take it */
export function onlyAnswer(answers: readonly Secret[]): Secret {
  const [answer, ...others] = answers;
  if (answer === undefined || others.length > 0) throw new Denied('STATE_INVALID', 'Not one answer.');
  requireUsable(answer);
  if (answer.reveal().length > MAX_ANSWER_CHARACTERS) throw new Denied('BAD_CODE', 'The answer is too long.');
  return answer;
}

/** A name without a password is a request of another kind at Okta. @throws Denied PASSWORD_UNUSABLE */
export function requirePassword(text: Secret): void {
  if (text.reveal() === '') throw new Denied('PASSWORD_UNUSABLE', 'It is empty.');
  requireUsable(text);
}

/** Okta's bodies hold characters of up to 3 bytes in UTF-8. @throws Denied PASSWORD_UNUSABLE */
function requireUsable(text: Secret): void {
  if (/[\u{10000}-\u{10ffff}]/u.test(text.reveal()))
    throw new Denied('PASSWORD_UNUSABLE', 'It holds a character that Okta does not take.');
}
