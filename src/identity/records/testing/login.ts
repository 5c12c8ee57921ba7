/** Logins and surroundings for tests of providers that have records. */

import type { Login } from '../../providers/provider.ts';
import type { Surroundings } from '../../surroundings.ts';
import { Trace } from '../../trace.ts';

export function testLogin(overrides: Partial<Login> = {}): Login {
  return {
    userName: 'jdoe',
    protocol: 'SFTP',
    serverId: 's-0123456789abcdef0',
    sourceIp: '203.0.113.9',
    canPrompt: false,
    signal: new AbortController().signal,
    trace: new Trace(),
    ...overrides,
  };
}

export interface TestSurroundings extends Surroundings {
  readonly warnings: readonly string[];
}

export function testSurroundings(overrides: Partial<Surroundings> = {}): TestSurroundings {
  const warnings: string[] = [];
  return {
    region: 'us-east-1',
    folder: '/',
    now: () => Date.now(),
    warn: (text) => warnings.push(text),
    ...overrides,
    warnings,
  };
}
