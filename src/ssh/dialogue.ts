/** One keyboard-interactive dialogue: challenges go out, answers come in, and nothing else is read meanwhile (RFC 4256). */

import { isUtf8 } from 'node:buffer';
import type { ByteReader } from '../wire/byte-reader.ts';
import { challengeReply } from './auth-reply.ts';
import type { Challenge } from './authenticator.ts';
import { SshError } from './error.ts';
import type { ReadHold } from './read-hold.ts';

/** Challenges of one dialogue. */
export const MAX_ROUNDS = 8;
/** Prompts of one challenge. */
export const MAX_PROMPTS = 16;
/** Longest answer in bytes, as for passwords. */
const MAX_ANSWER_BYTES = 4096;
/** All texts of a challenge in characters; with the worst of UTF-8 they fit into every client's packet. */
const MAX_CHALLENGE_CHARACTERS = 8192;

export type DialogueErrorCode =
  /** The client turned to another method, or is gone. */
  | 'ABANDONED'
  /** The client's answers are not those the challenge asked for. */
  | 'ANSWERS_INVALID'
  /** The authenticator asked more, or longer, than is allowed. */
  | 'CHALLENGE_INVALID';

export class DialogueError extends Error {
  override readonly name = 'DialogueError';
  readonly code: DialogueErrorCode;

  constructor(code: DialogueErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

interface Waiting {
  readonly promptCount: number;
  readonly resolve: (answers: readonly string[]) => void;
  readonly reject: (error: DialogueError) => void;
}

/** Life: construct → `ask` and `onResponse` in turns → `end`, or `abandon` while an answer is awaited. */
export class Dialogue {
  readonly #abort = new AbortController();
  readonly #hold: ReadHold;
  readonly #send: (payload: Buffer) => void;
  /** Aborts with the connection too. */
  readonly signal: AbortSignal;
  #waiting: Waiting | undefined;
  #rounds = 0;
  #answeredAtMs: number | undefined;
  #failure: DialogueError | undefined;
  #isEnded = false;

  constructor(options: {
    readonly hold: ReadHold;
    readonly signal: AbortSignal;
    readonly send: (payload: Buffer) => void;
  }) {
    this.#hold = options.hold;
    this.#send = options.send;
    this.signal = AbortSignal.any([options.signal, this.#abort.signal]);
    this.signal.addEventListener('abort', () => this.#giveUp(), { once: true });
  }

  /** What went wrong; once set, no verdict makes this a login. */
  get failure(): DialogueError | undefined {
    return this.#failure;
  }

  /** When the last answers came, on the clock of `performance.now`; undefined before them. */
  get answeredAtMs(): number | undefined {
    return this.#answeredAtMs;
  }

  /** Sends a challenge and lets the client's next message in. @throws DialogueError */
  ask(challenge: Challenge): Promise<readonly string[]> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const breach = this.#breach(challenge);
    if (breach !== undefined)
      return Promise.reject(this.#fail(new DialogueError('CHALLENGE_INVALID', breach)));
    this.#rounds++;
    const { promise, resolve, reject } = Promise.withResolvers<readonly string[]>();
    this.#waiting = { promptCount: challenge.prompts.length, resolve, reject };
    this.#send(challengeReply(challenge));
    this.#hold.suspend();
    return promise;
  }

  /** INFO_RESPONSE. @throws SshError MESSAGE_UNEXPECTED when nothing was asked */
  onResponse(message: ByteReader): void {
    const waiting = this.#waiting;
    if (waiting === undefined) throw new SshError('MESSAGE_UNEXPECTED', 'answers came to no question');
    // Throws before anything has changed: whoever waits is then told that the connection is over.
    const answers = readAnswers(message, waiting.promptCount);
    this.#waiting = undefined;
    this.#answeredAtMs = performance.now();
    this.#hold.resume();
    if (answers !== undefined) waiting.resolve(answers);
    else
      waiting.reject(
        this.#fail(new DialogueError('ANSWERS_INVALID', 'the answers are not those that were asked for')),
      );
  }

  /** The client turned to something else: whoever waits for an answer gets none. */
  abandon(): void {
    this.#abort.abort();
  }

  /** The verdict is there: nothing is asked any more. */
  end(): void {
    this.#isEnded = true;
  }

  #breach({ name, instruction, prompts }: Challenge): string | undefined {
    if (this.#isEnded) return 'the dialogue is over';
    if (this.#waiting !== undefined) return 'a challenge is out already';
    if (this.#rounds >= MAX_ROUNDS) return `a dialogue has at most ${MAX_ROUNDS} challenges`;
    if (prompts.length > MAX_PROMPTS) return `a challenge has at most ${MAX_PROMPTS} prompts`;
    const texts = [name, instruction, ...prompts.map(({ text }) => text)];
    const length = texts.reduce((sum, text) => sum + text.length, 0);
    return length > MAX_CHALLENGE_CHARACTERS ? 'the texts of the challenge are too long' : undefined;
  }

  #giveUp(): void {
    const error = this.#fail(new DialogueError('ABANDONED', 'the client did not answer'));
    this.#waiting?.reject(error);
    this.#waiting = undefined;
  }

  #fail(error: DialogueError): DialogueError {
    this.#failure ??= error;
    return this.#failure;
  }
}

/** Undefined when they are not as many as were asked for, too long, or no UTF-8. A wrong count is not read further. */
function readAnswers(message: ByteReader, promptCount: number): readonly string[] | undefined {
  if (message.uint32() !== promptCount) return undefined;
  const answers = Array.from({ length: promptCount }, () => message.string());
  const areFit = answers.every((answer) => answer.length <= MAX_ANSWER_BYTES && isUtf8(answer));
  return areFit && message.remaining === 0 ? answers.map((answer) => answer.toString('utf8')) : undefined;
}
