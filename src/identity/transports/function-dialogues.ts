/** The generators of a function that wait for a user's answers, in the function's process. */

import { randomUUID } from 'node:crypto';
import type { IdentityEvent } from '../request.ts';
import { writeDialogueState } from './function-protocol.ts';

/** Generators that wait in one process. */
const MAX_DIALOGUES = 256;
/** Longest wait for the user; shorter than the idle time after which the process may be ended. */
const MAX_WAIT_MS = 3 * 60_000;

type Generator = AsyncGenerator<unknown, unknown, IdentityEvent>;

interface Dialogue {
  readonly generator: Generator;
  readonly username: string;
  readonly timer: NodeJS.Timeout;
}

/** Whether a handler returned a generator: `async function* handler`. */
export function isGenerator(value: unknown): value is Generator {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value && 'next' in value;
}

export class Dialogues {
  readonly #instanceId: string;
  readonly #dialogues = new Map<string, Dialogue>();

  constructor(instanceId: string) {
    this.#instanceId = instanceId;
  }

  /** The first challenge of the generator, or its answer. */
  begin(generator: Generator, event: IdentityEvent): Promise<unknown> {
    return this.#step(generator, event);
  }

  /** What the generator says to the user's answers. */
  resume(dialogueId: string, event: IdentityEvent): Promise<unknown> {
    const dialogue = this.#dialogues.get(dialogueId);
    if (dialogue === undefined || dialogue.username !== event.username)
      throw new Error(`there is no such dialogue: it is over, or waited longer than ${MAX_WAIT_MS} ms`);
    clearTimeout(dialogue.timer);
    this.#dialogues.delete(dialogueId);
    return this.#step(dialogue.generator, event);
  }

  async #step(generator: Generator, event: IdentityEvent): Promise<unknown> {
    const { done, value } = await generator.next(event);
    if (done === true) return value;
    if (typeof value !== 'object' || value === null || !('Challenge' in value))
      throw new Error('a generator yields objects with a Challenge, and returns its answer');
    const dialogueId = this.#keep(generator, event.username);
    return { ...value, State: writeDialogueState({ instanceId: this.#instanceId, dialogueId }) };
  }

  #keep(generator: Generator, username: string): string {
    if (this.#dialogues.size >= MAX_DIALOGUES) {
      end(generator);
      throw new Error(`${MAX_DIALOGUES} dialogues of the function wait already`);
    }
    const dialogueId = randomUUID();
    const expire = () => {
      this.#dialogues.delete(dialogueId);
      end(generator);
    };
    const timer = setTimeout(expire, MAX_WAIT_MS).unref();
    this.#dialogues.set(dialogueId, { generator, username, timer });
    return dialogueId;
  }
}

/** Lets the function's `finally` run; what it throws concerns nobody any more. */
function end(generator: Generator): void {
  generator.return(undefined).catch(() => {});
}
