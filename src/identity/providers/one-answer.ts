/** Reads the answer to a question with one prompt. */

import { Denied } from '../decision.ts';
import { Secret } from '../secret.ts';

/** Longest answer of the contract. */
const MAX_ANSWER_CHARACTERS = 1024;

/** @throws Denied STATE_INVALID where not exactly one prompt was answered, CODE_MISSING where nothing was typed */
export function onlyAnswer(answers: readonly Secret[]): Secret {
  const [answer, ...others] = answers;
  if (answer === undefined || others.length > 0) throw new Denied('STATE_INVALID', 'Not one answer.');
  const text = answer.reveal().trim();
  if (text === '') throw new Denied('CODE_MISSING', 'Nothing was typed.');
  if (text.length > MAX_ANSWER_CHARACTERS) throw new Denied('BAD_CODE', 'The answer is too long.');
  return new Secret(text);
}

/** Codes are shown in groups by many devices; the spaces are none of them. */
export function codeIn(answers: readonly Secret[]): Secret {
  return new Secret(onlyAnswer(answers).reveal().replaceAll(/\s/g, ''));
}
