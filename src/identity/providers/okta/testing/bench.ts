/** A simulated Okta org and the provider in front of it, on one clock that the test moves. */

import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { OktaSimulator, type OktaSimulatorOptions } from '../../../../../test/simulators/okta/simulator.ts';
import type { SimulatedFactor, SimulatedUser } from '../../../../../test/simulators/okta/users.ts';
import { Denied, IdentityFault } from '../../../decision.ts';
import { Secret } from '../../../secret.ts';
import { Trace } from '../../../trace.ts';
import type { Json, Login, Person, PersonProvider, Question, Step } from '../../provider.ts';
import { oktaOptions } from '../options.ts';
import { createOktaProvider } from '../provider.ts';

export const PASSWORD = 'canary-7f31-password';
export const API_TOKEN = '00canaryApiToken';
export const CLIENT = { id: '0oaCanary', secret: 'canary-client-secret' };
export const TOTP_SECRET = 'JBSWY3DPEHPK3PXP';
export const START_MS = Date.UTC(2030, 0, 1);

export const GOOGLE: SimulatedFactor = {
  id: 'uft1',
  type: 'token:software:totp',
  provider: 'GOOGLE',
  secret: TOTP_SECRET,
};

export function userWith(more: Partial<SimulatedUser> = {}): SimulatedUser {
  return { id: '00u1jdoe', login: 'jdoe@example.com', password: PASSWORD, ...more };
}

/** Whose sign-on policy always asks for one of the factors. */
export function mfaUser(
  factors: readonly SimulatedFactor[],
  more: Partial<SimulatedUser> = {},
): SimulatedUser {
  return userWith({ factors, policy: { mfa: 'always' }, ...more });
}

export interface BenchOptions {
  readonly users?: readonly SimulatedUser[];
  readonly simulator?: Partial<OktaSimulatorOptions>;
  readonly options?: Readonly<Record<string, unknown>>;
}

export class Bench {
  readonly simulator: OktaSimulator;
  readonly provider: PersonProvider;
  readonly traces: Trace[] = [];
  readonly #clock: { nowMs: number };

  static async start({ users = [userWith()], simulator, options }: BenchOptions = {}): Promise<Bench> {
    const clock = { nowMs: START_MS };
    const org = new OktaSimulator({
      users,
      now: () => clock.nowMs,
      apiToken: API_TOKEN,
      clients: [CLIENT],
      ...simulator,
    });
    await org.start();
    const parsed = oktaOptions.parse({ orgUrl: org.origin, signInDomain: 'example.com', ...options });
    const surroundings = { region: 'us-east-1', folder: '/', now: () => clock.nowMs, warn: () => {} };
    return new Bench(org, createOktaProvider(parsed, surroundings), clock);
  }

  private constructor(simulator: OktaSimulator, provider: PersonProvider, clock: { nowMs: number }) {
    this.simulator = simulator;
    this.provider = provider;
    this.#clock = clock;
  }

  get nowMs(): number {
    return this.#clock.nowMs;
  }

  pass(ms: number): void {
    this.#clock.nowMs += ms;
  }

  login(more: Partial<Login> = {}): Login {
    const trace = new Trace();
    this.traces.push(trace);
    return {
      userName: 'jdoe',
      protocol: 'SFTP',
      serverId: 's-0123456789abcdef0',
      sourceIp: '203.0.113.9',
      canPrompt: false,
      signal: AbortSignal.timeout(10_000),
      trace,
      ...more,
    };
  }

  password(password = PASSWORD, more: Partial<Login> = {}): Promise<Step> {
    return this.provider.password(this.login(more), new Secret(password));
  }

  /** A login whose user can be asked. */
  begin(more: Partial<Login> = {}): Promise<Step> {
    return this.password(PASSWORD, { canPrompt: true, ...more });
  }

  /** The state takes the way over JSON, as it does in a function. */
  answer(step: Step, ...answers: readonly string[]): Promise<Step> {
    const { saved } = asked(step);
    const login = this.login({ canPrompt: true });
    const travelled: Json = JSON.parse(JSON.stringify(saved));
    if (this.provider.answers === undefined) throw new Error('the provider asks nothing');
    return this.provider.answers(
      login,
      travelled,
      answers.map((text) => new Secret(text)),
    );
  }

  /** Polls a push as the server does until it ends; tells what was shown. */
  async follow(step: Step): Promise<{ readonly person: Person; readonly shown: readonly string[] }> {
    const shown: string[] = [];
    let next = step;
    while (next.outcome === 'asks') {
      const { instruction, pollSeconds } = next.question;
      if (instruction !== undefined) shown.push(instruction);
      assert.ok(pollSeconds !== undefined, 'it is a poll');
      this.pass(pollSeconds * 1000);
      next = await this.answer(next);
    }
    return { person: next.person, shown };
  }

  /** The provider kept the rules of Okta, and nothing secret is in what it noted. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.provider.close();
    await this.simulator.stop();
    assert.deepEqual(this.simulator.violations, []);
    const steps = this.traces.map(({ steps: each }) => each);
    assertNoCanary(inspect([steps, this.provider, this.simulator.transcript.lines], { depth: 12 }));
  }
}

export function personOf(step: Step): Person {
  assert.equal(step.outcome, 'verified');
  if (step.outcome !== 'verified') throw new Error('not verified');
  return step.person;
}

export function asked(step: Step): { readonly question: Question; readonly saved: Json } {
  assert.equal(step.outcome, 'asks');
  if (step.outcome !== 'asks') throw new Error('nothing is asked');
  return step;
}

/** The login ends with the code, and the error tells nothing secret. */
export async function refused(work: Promise<unknown>, code: string): Promise<void> {
  await assert.rejects(work, (error) => {
    assert.ok(error instanceof Denied || error instanceof IdentityFault, inspect(error));
    assertNoCanary(inspect(error, { depth: 12 }));
    assert.equal(error.code, code, error.message);
    return true;
  });
}

function assertNoCanary(text: string): void {
  assert.doesNotMatch(text, /canary/i);
  assert.doesNotMatch(text, /00s[st][0-9a-f]{32}/, 'a token of a transaction');
}
