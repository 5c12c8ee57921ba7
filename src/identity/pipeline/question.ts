/** Questions to the user as the `Challenge` of the contract's extension. */

import {
  MAX_CHALLENGE_PROMPTS,
  MAX_INSTRUCTION_CHARACTERS,
  MAX_NAME_CHARACTERS,
  MAX_POLL_SECONDS,
  MAX_PROMPT_CHARACTERS,
} from '../challenge-answer.ts';
import { IdentityFault } from '../decision.ts';
import type { Question } from '../providers/provider.ts';

/** WinSCP and FileZilla fill in a saved password here. */
export const PASSWORD_QUESTION: Question = { prompts: [{ text: 'Password: ', echo: false }] };
/** Hidden: a code that is read over a shoulder can be used for a minute. */
export const CODE_QUESTION: Question = { prompts: [{ text: 'Verification code: ', echo: false }] };

/** A client shows nothing to type at otherwise. */
const DEFAULT_PROMPT = 'Answer: ';
/** Control characters steer the terminal of the user, direction marks make a text look like another. */
const UNSAFE = /[\p{Cc}\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069]/gu;

export interface ChallengeMembers {
  readonly Name?: string;
  readonly Instruction?: string;
  readonly Prompts: readonly { readonly Text: string; readonly Echo: boolean }[];
  readonly PollSeconds?: number;
}

/** Texts are cleaned and cut to what the contract allows. @throws IdentityFault INTERNAL_ERROR for too many prompts */
export function challengeOf({ name, instruction, prompts, pollSeconds }: Question): ChallengeMembers {
  if (prompts.length > MAX_CHALLENGE_PROMPTS)
    throw new IdentityFault('INTERNAL_ERROR', `A question has ${prompts.length} prompts.`);
  return {
    ...(name === undefined ? {} : { Name: line(name, MAX_NAME_CHARACTERS) }),
    ...(instruction === undefined ? {} : { Instruction: lines(instruction) }),
    Prompts: prompts.map(({ text, echo }) => ({
      Text:
        line(text, MAX_PROMPT_CHARACTERS).trim() === '' ? DEFAULT_PROMPT : line(text, MAX_PROMPT_CHARACTERS),
      Echo: echo === true,
    })),
    ...(pollSeconds === undefined || prompts.length > 0 ? {} : { PollSeconds: pollWithin(pollSeconds) }),
  };
}

function lines(text: string): string {
  const cleaned = text
    .split(/\r\n|\r|\n/)
    .map((each) => line(each, MAX_INSTRUCTION_CHARACTERS))
    .join('\n');
  return cut(cleaned, MAX_INSTRUCTION_CHARACTERS);
}

function line(text: string, maxCharacters: number): string {
  return cut(text.replace(UNSAFE, ''), maxCharacters);
}

/** A cut may go through a pair of surrogates. */
function cut(text: string, maxCharacters: number): string {
  return text.slice(0, maxCharacters).toWellFormed();
}

function pollWithin(seconds: number): number {
  const isNumber = Number.isFinite(seconds) && seconds > 0;
  return isNumber ? Math.min(seconds, MAX_POLL_SECONDS) : MAX_POLL_SECONDS;
}
