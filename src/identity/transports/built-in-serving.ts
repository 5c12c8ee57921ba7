/** Answers the server's questions inside the process of a built-in provider, as many at once as come. */

import { type Decision, IdentityFault } from '../decision.ts';
import type { BuiltInFunction } from '../handler.ts';
import type { Surroundings } from '../surroundings.ts';
import type { BuiltInMessage, BuiltInReply } from './built-in-protocol.ts';
import { MAX_ANSWER_BYTES } from './function-protocol.ts';

/** Longest wait of a check for upstream. */
const CHECK_TIMEOUT_MS = 10_000;
/** Longest wait for a provider that is being closed: connections are ended politely, but not for ever. */
const CLOSE_TIMEOUT_MS = 1000;
/** Given-up questions whose provider still does not let go. More of them is a leak, and the process starts afresh. */
const MAX_ABANDONED = 512;

/** The part of a built-in function that is used here. */
export type Answering = Pick<BuiltInFunction, 'check' | 'handle' | 'close'>;

/** Makes the function from its configuration. @throws IdentityFault CONFIGURATION_INVALID */
export type MakeFunction = (configuration: unknown, surroundings: Surroundings) => Answering;

interface Serving {
  readonly make: MakeFunction;
  readonly send: (reply: BuiltInReply) => void;
}

/** Life: construct → `receive` for every message, the configuration first → `close`. */
export class BuiltInServing {
  readonly #make: MakeFunction;
  readonly #send: (reply: BuiltInReply) => void;
  readonly #cancellations = new Map<number, AbortController>();
  #function: Answering | undefined;
  #abandonedCount = 0;

  constructor({ make, send }: Serving) {
    this.#make = make;
    this.#send = send;
  }

  receive(message: BuiltInMessage): void {
    if (message.type === 'configure') this.#configure(message);
    else if (message.type === 'check') void this.#check();
    else if (message.type === 'ask') void this.#answer(message);
    else this.#cancel(message.id);
  }

  /** Never rejects, and does not wait long. */
  async close(): Promise<void> {
    for (const cancellation of this.#cancellations.values()) cancellation.abort();
    const { promise, resolve } = Promise.withResolvers<void>();
    setTimeout(resolve, CLOSE_TIMEOUT_MS).unref();
    await Promise.race([this.#function?.close(), promise]);
  }

  /** A configuration that is refused is said to whoever asks, as any other fault. */
  #configure({ configuration, region, folder }: Extract<BuiltInMessage, { type: 'configure' }>): void {
    const warn = (text: string) => void process.stderr.write(`${text.replaceAll('\n', ' ')}\n`);
    try {
      this.#function = this.#make(configuration, { region, folder, now: Date.now, warn });
    } catch (error) {
      this.#function = faulty(asFault(error));
    }
    this.#send({ type: 'ready' });
  }

  async #check(): Promise<void> {
    try {
      await this.#configured().check(AbortSignal.timeout(CHECK_TIMEOUT_MS));
      this.#send({ type: 'checked' });
    } catch (error) {
      this.#send({ type: 'checked', fault: decisionOf(asFault(error)) });
    }
  }

  async #answer({ id, event, remainingMs }: Extract<BuiltInMessage, { type: 'ask' }>): Promise<void> {
    const cancellation = new AbortController();
    this.#cancellations.set(id, cancellation);
    let decision: Decision | undefined;
    try {
      const answer = await this.#configured().handle(event, {
        remainingMs,
        signal: cancellation.signal,
        onDecision: (made) => {
          decision = made;
        },
      });
      this.#reply(id, { type: 'answered', id, json: toJson(answer), decision });
    } catch (error) {
      this.#reply(id, { type: 'failed', id, fault: decisionOf(asFault(error)) });
    }
  }

  #reply(id: number, reply: BuiltInReply): void {
    if (this.#cancellations.delete(id)) this.#send(reply);
    else this.#abandonedCount -= 1;
  }

  /** Told at once, whether the provider lets go or not: the server ends a process that does not even say this. */
  #cancel(id: number): void {
    const cancellation = this.#cancellations.get(id);
    if (cancellation !== undefined) {
      this.#cancellations.delete(id);
      this.#abandonedCount += 1;
      cancellation.abort();
    }
    this.#send({ type: 'cancelled', id });
    if (this.#abandonedCount <= MAX_ABANDONED) return;
    process.stderr.write(`${MAX_ABANDONED} questions were given up and never ended: starting afresh\n`);
    process.exit(1);
  }

  #configured(): Answering {
    if (this.#function === undefined)
      throw new IdentityFault('INTERNAL_ERROR', 'There is no configuration yet.');
    return this.#function;
  }
}

function faulty(fault: IdentityFault): Answering {
  return { check: () => Promise.reject(fault), handle: () => Promise.reject(fault), close: async () => {} };
}

/** An error that is no fault is a mistake of ours; its text could hold anything and stays here. */
function asFault(error: unknown): IdentityFault {
  return error instanceof IdentityFault ? error : new IdentityFault('INTERNAL_ERROR', nameOf(error));
}

function nameOf(error: unknown): string {
  return error instanceof Error ? `${error.name}.` : `Thrown: ${typeof error}.`;
}

function decisionOf(fault: IdentityFault): Decision {
  return { code: fault.code, message: fault.message };
}

function toJson(answer: object): string {
  const json = JSON.stringify(answer);
  const sizeBytes = Buffer.byteLength(json);
  if (sizeBytes <= MAX_ANSWER_BYTES) return json;
  throw new IdentityFault('INTERNAL_ERROR', `The answer has ${sizeBytes} bytes.`);
}
