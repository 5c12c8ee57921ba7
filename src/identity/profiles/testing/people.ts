/** Logins and people for tests. */

import type { Login, Person } from '../../providers/provider.ts';
import { Trace } from '../../trace.ts';

export const SERVER_ID = 's-0123456789abcdef0';
export const ROLE = 'arn:aws:iam::111122223333:role/transfer-user';

export function loginOf(changes: Partial<Login> = {}): Login {
  return {
    userName: 'jdoe',
    protocol: 'SFTP',
    serverId: SERVER_ID,
    sourceIp: '203.0.113.9',
    canPrompt: false,
    signal: new AbortController().signal,
    trace: new Trace(),
    ...changes,
  };
}

export function personOf(changes: Partial<Person> = {}): Person {
  return {
    subject: '00u1jdoe',
    userName: 'jdoe@example.com',
    attributes: new Map(),
    groups: [],
    proofs: ['password'],
    ...changes,
  };
}

/** What a trace says, one step a line. */
export function textOf(trace: Trace): string {
  return trace.steps.map(({ step, outcome }) => `${step}: ${outcome}`).join('\n');
}
