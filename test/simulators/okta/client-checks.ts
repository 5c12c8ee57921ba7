/** What a well-behaved client of Okta never does; every offence is kept for the test to see. */

import { type Exchange, isMembers } from '../exchange.ts';
import type { SimulatedUser } from './users.ts';

/** Longest `context.deviceToken` of the Authentication API. */
const MAX_DEVICE_TOKEN_CHARACTERS = 32;

export class ClientChecks {
  readonly #violations: string[] = [];
  readonly #passwords: readonly string[];

  constructor(users: readonly SimulatedUser[]) {
    this.#passwords = users.map(({ password }) => password);
  }

  get violations(): readonly string[] {
    return this.#violations;
  }

  add(violation: string): void {
    this.#violations.push(violation);
  }

  request({ method, url, headers, body }: Exchange): void {
    const where = `${method} ${url.pathname}`;
    if (headers['user-agent'] === undefined) this.add(`${where}: no User-Agent`);
    if (headers.accept === undefined) this.add(`${where}: no Accept`);
    if (body !== '' && headers['content-type'] === undefined) this.add(`${where}: no Content-Type`);
    if (method === 'POST' && headers['content-length'] === undefined) this.add(`${where}: no Content-Length`);
    if (headers['x-forwarded-for'] === '') this.add(`${where}: X-Forwarded-For without an address`);
    const isTrusted = headers.authorization?.startsWith('SSWS ') === true;
    if (headers['x-forwarded-for'] !== undefined && !isTrusted)
      this.add(`${where}: X-Forwarded-For from a client that is not trusted`);
    const shown = decodeURIComponent(url.href.replaceAll('+', ' '));
    if (this.#passwords.some((password) => shown.includes(password)))
      this.add(`${where}: a password in the URL`);
  }

  /** Of a primary authentication. */
  context(members: unknown, isTrusted: boolean): void {
    if (!isMembers(members) || typeof members.deviceToken !== 'string') return;
    if (members.deviceToken.length > MAX_DEVICE_TOKEN_CHARACTERS)
      this.add('a deviceToken of more than 32 characters');
    if (!isTrusted) this.add('a deviceToken from a client that is not trusted, which Okta ignores');
  }

  triedFactors(count: number): void {
    if (count > 1) this.add(`${count} factors tried in one login`);
  }
}
