/** A simulated tenant and the provider in front of it, on one clock that the test moves (tests only). */

import assert from 'node:assert/strict';
import {
  EntraSimulator,
  type EntraSimulatorOptions,
} from '../../../../../test/simulators/entra/simulator.ts';
import type { SimulatedUser } from '../../../../../test/simulators/entra/users.ts';
import { CANARY, Clock, PASSWORD, ProviderBench } from '../../testing/provider-bench.ts';
import { entraOptions } from '../options.ts';
import { createEntraProvider } from '../provider.ts';

export const TENANT_ID = 'aaaaaaaa-1111-2222-3333-444444444444';
export const OTHER_TENANT_ID = 'bbbbbbbb-1111-2222-3333-444444444444';
export const OID = '00000000-0000-0000-0000-00000000000a';
const CLIENT = { id: 'cccccccc-1111-2222-3333-444444444444', secret: `${CANARY}-client-secret` };

export function userWith(more: Partial<SimulatedUser> = {}): SimulatedUser {
  return { id: OID, userPrincipalName: 'JDoe@contoso.example', password: PASSWORD, ...more };
}

export interface BenchOptions {
  readonly users?: readonly SimulatedUser[];
  readonly simulator?: Partial<EntraSimulatorOptions>;
  readonly options?: Readonly<Record<string, unknown>>;
  /** In the place of the tenant's id. */
  readonly tenant?: string;
}

export class EntraBench extends ProviderBench {
  readonly simulator: EntraSimulator;

  static async start({ users = [userWith()], simulator, options, tenant }: BenchOptions = {}) {
    const clock = new Clock(Date.UTC(2030, 0, 1));
    const entra = new EntraSimulator({
      tenantId: TENANT_ID,
      client: CLIENT,
      users,
      now: () => clock.nowMs,
      ...simulator,
    });
    await entra.start();
    return new EntraBench(entra, clock, {
      authority: `${entra.origin}/${tenant ?? TENANT_ID}`,
      graphUrl: entra.origin,
      clientId: CLIENT.id,
      clientSecret: CLIENT.secret,
      signInDomain: 'contoso.example',
      timeoutSeconds: 1,
      ...options,
    });
  }

  private constructor(simulator: EntraSimulator, clock: Clock, options: object) {
    super((surroundings) => createEntraProvider(entraOptions.parse(options), surroundings), clock);
    this.simulator = simulator;
  }

  /** How often a path that fits was asked for. */
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
