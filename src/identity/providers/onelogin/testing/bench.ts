/** A simulated account and the provider in front of it, on one clock that the test moves (tests only). */

import assert from 'node:assert/strict';
import { OneLoginSimulator } from '../../../../../test/simulators/onelogin/simulator.ts';
import type { SimulatedUser } from '../../../../../test/simulators/onelogin/users.ts';
import { CANARY, Clock, PASSWORD, ProviderBench } from '../../testing/provider-bench.ts';
import { oneLoginOptions } from '../options.ts';
import { createOneLoginProvider } from '../provider.ts';

const CLIENT = { clientId: 'client', clientSecret: `${CANARY}-client-secret` };

export function userWith(more: Partial<SimulatedUser> = {}): SimulatedUser {
  return { id: 42, username: 'jdoe', email: 'jdoe@example.com', password: PASSWORD, ...more };
}

export class OneLoginBench extends ProviderBench {
  readonly simulator: OneLoginSimulator;

  static async start(
    users: readonly SimulatedUser[] = [userWith()],
    options: Readonly<Record<string, unknown>> = {},
  ): Promise<OneLoginBench> {
    const clock = new Clock(Date.UTC(2030, 0, 1));
    const simulator = new OneLoginSimulator({
      ...CLIENT,
      subdomain: 'example',
      users,
      now: () => clock.nowMs,
    });
    await simulator.start();
    const url = simulator.origin;
    return new OneLoginBench(simulator, clock, {
      url,
      subdomain: 'example',
      timeoutSeconds: 1,
      ...CLIENT,
      ...options,
    });
  }

  private constructor(simulator: OneLoginSimulator, clock: Clock, options: object) {
    super((surroundings) => createOneLoginProvider(oneLoginOptions.parse(options), surroundings), clock);
    this.simulator = simulator;
  }

  count(path: RegExp): number {
    return this.simulator.requests.filter((line) => path.test(line)).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.provider.close();
    await this.simulator.stop();
    assert.deepEqual(this.simulator.violations, []);
    this.assertQuiet();
  }
}
