/** Drives a provider as the pipeline does, on a clock that the test moves, and watches that nothing secret is told (tests only). */

import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { Denied, IdentityFault } from '../../decision.ts';
import { Secret } from '../../secret.ts';
import type { Surroundings } from '../../surroundings.ts';
import { Trace } from '../../trace.ts';
import type { Json, Login, Person, PersonProvider, Question, Step } from '../provider.ts';

/** Stands in every password, secret and token of the tests. */
export const CANARY = 'canary-5d0e';
export const PASSWORD = `${CANARY}-password`;

export class Clock {
  nowMs: number;

  constructor(nowMs: number) {
    this.nowMs = nowMs;
  }

  pass(seconds: number): void {
    this.nowMs += seconds * 1000;
  }
}

export class ProviderBench {
  readonly clock: Clock;
  readonly warnings: string[] = [];
  readonly #provider: PersonProvider;
  readonly #traces: Trace[] = [];

  constructor(make: (surroundings: Surroundings) => PersonProvider, clock: Clock) {
    this.clock = clock;
    this.#provider = make({
      region: 'us-east-1',
      folder: '/',
      now: () => clock.nowMs,
      warn: (text) => this.warnings.push(text),
    });
  }

  get provider(): PersonProvider {
    return this.#provider;
  }

  login(more: Partial<Login> = {}): Login {
    const trace = new Trace();
    this.#traces.push(trace);
    return {
      userName: 'jdoe',
      protocol: 'SFTP',
      serverId: 's-0123456789abcdef0',
      sourceIp: '203.0.113.9',
      canPrompt: true,
      signal: AbortSignal.timeout(10_000),
      trace,
      ...more,
    };
  }

  async password(typed = PASSWORD, more: Partial<Login> = {}): Promise<Step> {
    return this.#provider.password(this.login(more), new Secret(typed));
  }

  async begin(more: Partial<Login> = {}): Promise<Step> {
    assert.ok(this.#provider.begin !== undefined, 'the provider begins no dialogue');
    return this.#provider.begin(this.login(more));
  }

  /** The state takes the way over JSON, as it does in a function. */
  async answer(step: Step, answers: readonly string[] = [], more: Partial<Login> = {}): Promise<Step> {
    const travelled: Json = JSON.parse(JSON.stringify(askedBy(step).saved));
    return this.answerWith(travelled, answers, more);
  }

  async answerWith(saved: Json, answers: readonly string[], more: Partial<Login> = {}): Promise<Step> {
    assert.ok(this.#provider.answers !== undefined, 'the provider takes no answers');
    const login = this.login(more);
    return this.#provider.answers(
      login,
      saved,
      answers.map((text) => new Secret(text)),
    );
  }

  async lookUp(more: Partial<Login> = {}): Promise<Person | undefined> {
    return this.#provider.lookUp(this.login(more));
  }

  /** That the work is refused with the code, and that neither the error nor the traces tell a secret. */
  async assertRefused(work: Promise<unknown>, code: string): Promise<void> {
    await assert.rejects(work, (error: unknown) => {
      assert.ok(error instanceof Denied || error instanceof IdentityFault, inspect(error));
      assert.equal(error.code, code, error.message);
      assert.ok(!inspect(error, { depth: 12 }).includes(CANARY), 'the error tells a secret');
      return true;
    });
    this.assertQuiet();
  }

  assertQuiet(): void {
    const told = inspect([this.#traces.map(({ steps }) => steps), this.warnings], { depth: 12 });
    assert.ok(!told.includes(CANARY), 'a trace tells a secret');
  }
}

export function personIn(step: Step): Person {
  return step.outcome === 'verified' ? step.person : assert.fail('nobody is proven');
}

export function askedBy(step: Step): { readonly question: Question; readonly saved: Json } {
  return step.outcome === 'asks' ? step : assert.fail('nothing is asked');
}

/** Whether the work ends as a provider may end that was given nonsense: refused, and with one of the two errors. */
export async function endsRefused(work: Promise<unknown>): Promise<boolean> {
  try {
    await work;
    return false;
  } catch (error) {
    return error instanceof Denied || error instanceof IdentityFault;
  }
}
