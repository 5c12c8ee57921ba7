/** Reads `Challenge` and `State` from an answer: the function asks the user something before it decides. */

import { type Answer, isMembers, type Members, refuse } from './answer.ts';

/** Prompts of one challenge. */
export const MAX_CHALLENGE_PROMPTS = 8;
/** Questions to one user in one login, the first for the password among them. */
export const MAX_CHALLENGE_ROUNDS = 8;
/** Longest `State` in UTF-8 bytes: it travels with every following event. */
export const MAX_STATE_BYTES = 4096;
/** Texts of a challenge. */
export const MAX_NAME_CHARACTERS = 256;
export const MAX_INSTRUCTION_CHARACTERS = 4096;
export const MAX_PROMPT_CHARACTERS = 256;

/** Longest pause between two polls. */
export const MAX_POLL_SECONDS = 30;

const CHALLENGE_MEMBERS = ['Name', 'Instruction', 'Prompts', 'PollSeconds'];
const PROMPT_MEMBERS = ['Text', 'Echo'];

/** What the user is to be asked. Shaped as keyboard-interactive shows it (RFC 4256 section 3.2). */
export interface ProviderChallenge {
  readonly name: string;
  readonly instruction: string;
  readonly prompts: readonly { readonly text: string; readonly echo: boolean }[];
  /** The function is asked again after so long, with no answers: it waits for something that happens elsewhere. */
  readonly pollSeconds?: number;
}

/** The function wants answers first. No Grant, and no refusal. */
export interface Challenged {
  readonly outcome: 'challenged';
  readonly challenge: ProviderChallenge;
  /** Handed back to the function with the answers. Never logged: it is the function's, and may hold what it knows. */
  readonly state?: string;
}

/** @throws AnswerRefused CHALLENGE_INVALID */
export function readChallenge(answer: Answer): Challenged {
  // An answer that is both is read differently by different readers.
  if (answer.member('Role') !== undefined) invalid('Role beside Challenge');
  const challenge = members(answer.member('Challenge'), 'Challenge', CHALLENGE_MEMBERS);
  const prompts = challenge.Prompts ?? [];
  if (!Array.isArray(prompts)) invalid('Prompts is not an array');
  if (prompts.length > MAX_CHALLENGE_PROMPTS) invalid(`${prompts.length} prompts`);
  const state = readState(answer.member('State'));
  const pollSeconds = readPollSeconds(challenge.PollSeconds);
  if (pollSeconds !== undefined && prompts.length > 0) invalid('PollSeconds beside Prompts');
  return Object.freeze({
    outcome: 'challenged',
    challenge: Object.freeze({
      name: text(challenge.Name, 'Name', MAX_NAME_CHARACTERS),
      instruction: text(challenge.Instruction, 'Instruction', MAX_INSTRUCTION_CHARACTERS),
      prompts: Object.freeze(prompts.map(readPrompt)),
      ...(pollSeconds === undefined ? {} : { pollSeconds }),
    }),
    ...(state === undefined ? {} : { state }),
  });
}

function readPrompt(value: unknown): { readonly text: string; readonly echo: boolean } {
  const prompt = members(value, 'a prompt', PROMPT_MEMBERS);
  const label = text(prompt.Text, 'Text', MAX_PROMPT_CHARACTERS);
  if (label.trim() === '') invalid('Text of a prompt is empty');
  // Hidden unless the function says otherwise in so many words: an answer may be a password.
  const echo = prompt.Echo ?? false;
  if (typeof echo !== 'boolean') invalid('Echo is not true or false');
  return Object.freeze({ text: label, echo });
}

function readState(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'string') invalid('State is not a string');
  if (Buffer.byteLength(value) > MAX_STATE_BYTES) invalid(`State has ${Buffer.byteLength(value)} bytes`);
  return value;
}

function readPollSeconds(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number' || !(value > 0 && value <= MAX_POLL_SECONDS))
    invalid(`PollSeconds is not a number above 0 and up to ${MAX_POLL_SECONDS}`);
  return value;
}

function members(value: unknown, name: string, known: readonly string[]): Members {
  if (!isMembers(value)) invalid(`${name} is not an object`);
  // A misspelt `echo` would show a code on the screen, a misspelt `Prompts` would ask nothing.
  if (Object.keys(value).some((key) => !known.includes(key))) invalid(`${name} has an unknown member`);
  return value;
}

function text(value: unknown, name: string, maxCharacters: number): string {
  if (value === undefined || value === null) return '';
  if (typeof value !== 'string') invalid(`${name} is not a string`);
  if (value.length > maxCharacters) invalid(`${name} has ${value.length} characters`);
  return value;
}

/** Texts of the challenge are not quoted: a function may have put an answer into them. */
function invalid(found: string): never {
  refuse('CHALLENGE_INVALID', found);
}
