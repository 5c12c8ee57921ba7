/** A built-in provider as a handler of the Lambda contract: the same code in a server's process, on Lambda and behind HTTP. */

import type { BuiltInProvider } from './configuration.ts';
import { type Decision, Denied, IdentityFault } from './decision.ts';
import { BUILT_IN_MAKERS, buildRouter, type Makers } from './pipeline/build.ts';
import { usableMs, waitForFloor, withDeadline } from './pipeline/deadline.ts';
import { DialogueStates, type OpenedState } from './pipeline/dialogue-state.ts';
import { type LoginEvent, readEvent } from './pipeline/event.ts';
import { challengeOf } from './pipeline/question.ts';
import type { Credentials } from './pipeline/route.ts';
import type { Router } from './pipeline/router.ts';
import { asFault, describeMistake } from './pipeline/unexpected.ts';
import type { Login } from './providers/provider.ts';
import { Secret } from './secret.ts';
import type { Surroundings } from './surroundings.ts';
import { Trace } from './trace.ts';

const MS = 1000;

export interface HandleOptions {
  /** Aborts when the caller goes away. */
  readonly signal?: AbortSignal;
  /** Time for the answer, as Lambda's `getRemainingTimeInMillis()`. */
  readonly remainingMs: number;
  /** Told once for each event, before the answer. */
  readonly onDecision?: (decision: Decision) => void;
  /** Where the steps are noted. */
  readonly trace?: Trace;
}

interface Judged {
  readonly code: 'GRANTED' | 'CHALLENGED';
  readonly answer: object;
}

/** What an event asks for: the provider that asked the user before, if any, and what to give it. */
interface Continued {
  readonly credentials: Credentials;
  readonly provider?: string;
  readonly beganAtMs: number;
}

/** Life: construct (no side effects) → `check` if wanted → `handle` any number of times, side by side → `close`. */
export class BuiltInFunction {
  readonly #configuration: BuiltInProvider;
  readonly #surroundings: Surroundings;
  readonly #makers: Makers;
  readonly #states: DialogueStates;
  readonly #closing = new AbortController();
  #router: Promise<Router> | undefined;

  /** `makers`: for tests. */
  constructor(configuration: BuiltInProvider, surroundings: Surroundings, makers: Makers = BUILT_IN_MAKERS) {
    this.#configuration = configuration;
    this.#surroundings = surroundings;
    this.#makers = makers;
    const { dialogueSeconds, stateKey } = configuration.rules;
    this.#states = new DialogueStates({
      functionName: configuration.provider,
      stateKey,
      maxAgeMs: dialogueSeconds * MS,
    });
  }

  /** Proves that the provider can be asked. @throws IdentityFault */
  async check(signal: AbortSignal): Promise<void> {
    try {
      const { routes } = await this.#routerOnce();
      await Promise.all(routes.map((route) => route.check(signal)));
    } catch (error) {
      throw this.#faultOf(error);
    }
  }

  /**
   * The answer to an event of the contract (or to the same in an API Gateway proxy event): a grant, `{}`, or a challenge.
   * @throws IdentityFault where nobody can tell, and nothing else
   */
  async handle(event: unknown, options: HandleOptions): Promise<object> {
    const beganAtMs = performance.now();
    const { signal = this.#closing.signal, remainingMs, onDecision } = options;
    const trace = options.trace ?? new Trace();
    const maxMs = usableMs(remainingMs);
    let read: LoginEvent | undefined;
    try {
      const login = readEvent(event);
      read = login;
      const { code, answer } = await withDeadline(maxMs, [signal, this.#closing.signal], (bounded) =>
        this.#judge(login, { signal: bounded, trace }),
      );
      // Anybody may ask for the keys of any name: the time must not tell who has some.
      if (login.given.kind === 'keys') await this.#waitForFloor(beganAtMs, maxMs, signal);
      onDecision?.({ code, message: code === 'GRANTED' ? 'The user is let in.' : 'The user is asked.' });
      return answer;
    } catch (error) {
      const refusal = error instanceof Denied ? error : this.#faultOf(error);
      const message = read?.scrubber.scrub(refusal.message) ?? refusal.message;
      await this.#waitForFloor(beganAtMs, maxMs, signal);
      trace.note('decision', `${refusal.code}: ${message}`);
      onDecision?.({ code: refusal.code, message });
      if (refusal instanceof Denied) return {};
      throw refusal;
    }
  }

  /** Open questions end. Never rejects. */
  async close(): Promise<void> {
    this.#closing.abort();
    const router = await this.#router?.catch(() => undefined);
    await Promise.all(router?.routes.map((route) => route.close()) ?? []);
  }

  async #judge(event: LoginEvent, bounds: Pick<Login, 'signal' | 'trace'>): Promise<Judged> {
    const { userName, protocol, serverId, sourceIp, canPrompt } = event;
    const login: Login = { userName, protocol, serverId, sourceIp, canPrompt, ...bounds };
    const { credentials, provider, beganAtMs } = this.#continue(event);
    const router = await this.#routerOnce();
    const routing = router.routingOf(userName);
    const chosen = provider === undefined ? routing : router.only(routing, provider);
    login.trace.note('routing', chosen.routes.map(({ name }) => name).join(', then '));
    const step = await router.step(chosen, login, credentials);
    if (step.outcome === 'granted') {
      login.trace.note('decision', 'GRANTED');
      return { code: 'GRANTED', answer: step.answer };
    }
    if (step.outcome === 'denied') throw step.denial;
    const answer = {
      Challenge: challengeOf(step.question),
      State: this.#states.seal({ pending: step.pending, beganAtMs }, login),
    };
    login.trace.note('decision', 'CHALLENGED');
    return { code: 'CHALLENGED', answer };
  }

  /** @throws Denied STATE_INVALID */
  #continue(event: LoginEvent): Continued {
    const { given } = event;
    const nowMs = this.#surroundings.now();
    if (given.kind !== 'answers') return { credentials: given, beganAtMs: nowMs };
    const opened = this.#states.open(given.state, event, nowMs);
    return { ...afterQuestion(opened, given.answers), beganAtMs: opened.beganAtMs };
  }

  /** A failure is forgotten: the store that holds a secret of ours may be back for the next login. */
  async #routerOnce(): Promise<Router> {
    const router = this.#router ?? buildRouter(this.#configuration, this.#surroundings, this.#makers);
    this.#router = router;
    try {
      return await router;
    } catch (error) {
      if (this.#router === router) this.#router = undefined;
      throw error;
    }
  }

  #waitForFloor(beganAtMs: number, maxMs: number, signal: AbortSignal): Promise<void> {
    const { refusalFloorMs } = this.#configuration.rules;
    return waitForFloor({ beganAtMs, floorMs: refusalFloorMs, maxMs, signal });
  }

  #faultOf(error: unknown): IdentityFault {
    if (!(error instanceof IdentityFault)) this.#surroundings.warn(describeMistake(error));
    return asFault(error);
  }
}

/** What the answers are, by what was asked. @throws Denied STATE_INVALID, BAD_CREDENTIALS */
function afterQuestion({ pending }: OpenedState, answers: readonly Secret[]): Omit<Continued, 'beganAtMs'> {
  if (pending.kind === 'provider') {
    const { provider, saved, code } = pending;
    const carried = code === undefined ? {} : { code: new Secret(code) };
    return { provider, credentials: { kind: 'answers', answers, saved, ...carried } };
  }
  const [answer] = answers;
  if (answer === undefined || answers.length > 1)
    throw new Denied('STATE_INVALID', 'One answer is expected.');
  if (pending.kind === 'password') {
    // Nobody has a blank password, and a directory takes an empty one for an anonymous bind.
    if (answer.reveal().trim() === '') throw new Denied('BAD_CREDENTIALS', 'The password is blank.');
    return { credentials: { kind: 'password', password: answer } };
  }
  const { password } = pending;
  return {
    credentials:
      password === undefined
        ? { kind: 'begin', code: answer }
        : { kind: 'password', password: new Secret(password), code: answer },
  };
}
