/** What tests of the provider share: a clock that is set, surroundings, logins and options with short limits. */

import { Secret } from '../../../secret.ts';
import type { Surroundings } from '../../../surroundings.ts';
import { Trace } from '../../../trace.ts';
import type { Login, Person, PersonProvider, Step } from '../../provider.ts';
import { type LdapOptions, ldapOptions } from '../options.ts';

export const CANARY = 'canary-5f2c-password';
export const SERVICE_DN = 'cn=svc,dc=example,dc=com';
export const SERVICE_PASSWORD = 'service-secret';

export class Clock {
  nowMs = Date.UTC(2026, 0, 1);

  surroundings(): Surroundings {
    return { region: 'us-east-1', folder: '/', now: () => this.nowMs, warn: () => {} };
  }
}

export function loginOf(userName: string, more: Partial<Login> = {}): Login {
  return {
    userName,
    protocol: 'SFTP',
    serverId: 's-0123456789abcdef0',
    sourceIp: '192.0.2.1',
    canPrompt: false,
    signal: new AbortController().signal,
    trace: new Trace(),
    ...more,
  };
}

export function optionsFor(urls: readonly string[], more: Record<string, unknown> = {}): LdapOptions {
  return ldapOptions.parse({
    servers: urls,
    allowPlaintext: true,
    service: { method: 'simple', dn: SERVICE_DN, password: SERVICE_PASSWORD },
    searchBase: 'dc=example,dc=com',
    connectTimeoutMs: 1000,
    operationTimeoutMs: 1000,
    bindTimeoutMs: 1000,
    ...more,
  });
}

/** @throws what the provider throws; Error where it asks something */
export async function verify(
  provider: PersonProvider,
  userName: string,
  password = CANARY,
  more: Partial<Login> = {},
): Promise<Person> {
  return personOf(await provider.password(loginOf(userName, more), new Secret(password)));
}

export function personOf(step: Step): Person {
  if (step.outcome !== 'verified') throw new Error('the provider asks something');
  return step.person;
}

/** SID as Active Directory stores it. */
export function sidBytes(text: string): Buffer {
  const [, , authority = 0, ...subAuthorities] = text.split('-').map(Number);
  const bytes = Buffer.alloc(8 + 4 * subAuthorities.length);
  bytes.writeUInt8(1, 0);
  bytes.writeUInt8(subAuthorities.length, 1);
  bytes.writeUIntBE(authority, 2, 6);
  for (const [index, part] of subAuthorities.entries()) bytes.writeUInt32LE(part, 8 + 4 * index);
  return bytes;
}
