/** Who somebody is at OneLogin: the account's state, attributes and roles, where users may be read. */

import { z } from 'zod';
import { Denied, IdentityFault } from '../../decision.ts';
import type { HttpAnswer } from '../../upstream/http.ts';
import { asciiLowerCase } from '../oidc/identity-binding.ts';
import { attributesOf } from '../okta/attributes.ts';
import type { Login, Person, Proof } from '../provider.ts';
import type { OneLoginAccount } from './account.ts';
import type { OneLoginUser } from './answer.ts';
import type { OneLoginOptions } from './options.ts';

/** `status` of the User resource. */
const STATUS = { active: 1, suspended: 2, locked: 3, passwordExpired: 4, awaitingReset: 5 } as const;

const id = z.int().positive();
const entry = z.looseObject({ id, username: z.string().nullish(), email: z.string().nullish() });
const entries = z.array(entry);
const user = entry.extend({
  status: z.int(),
  role_ids: z.array(z.int()).nullish(),
  custom_attributes: z.record(z.string(), z.unknown()).nullish(),
});
type User = z.output<typeof user>;

export class People {
  readonly #account: OneLoginAccount;
  readonly #readsUsers: boolean;

  constructor(account: OneLoginAccount, { readUsers }: Pick<OneLoginOptions, 'readUsers'>) {
    this.#account = account;
    this.#readsUsers = readUsers;
  }

  /** Who was proven. @throws Denied, IdentityFault */
  async proven(login: Login, known: OneLoginUser, proofs: readonly Proof[]): Promise<Person> {
    if (this.#readsUsers) return this.#person(login, known.id, proofs);
    return {
      subject: known.id,
      userName: nameOf(known) ?? login.userName,
      attributes: attributesOf(known),
      groups: [],
      proofs,
    };
  }

  /** Who logs in with a key; undefined where users are not read. @throws Denied, IdentityFault */
  async find(login: Login, name: string): Promise<Person | undefined> {
    if (!this.#readsUsers) return undefined;
    const member = name.includes('@') ? ['email', 'username'] : ['username'];
    for (const each of member) {
      const found = await this.#named(login, each, name);
      if (found !== undefined) return this.#person(login, String(found.id), []);
    }
    throw new Denied('USER_UNKNOWN');
  }

  async #named({ trace, signal }: Login, member: string, name: string) {
    const url = `/api/2/users?${new URLSearchParams({ [member]: name })}`;
    return trace.measure(
      `onelogin: user by ${member}`,
      async () => {
        const found = read(entries, await this.#account.get(url, signal));
        // The filter knows wildcards.
        const exact = found.filter((each) =>
          isSameText(member === 'email' ? each.email : each.username, name),
        );
        if (exact.length > 1) throw new Denied('USER_AMBIGUOUS');
        return exact[0];
      },
      (found) => (found === undefined ? 'nobody' : 'found'),
    );
  }

  async #person(
    { trace, signal, userName }: Login,
    userId: string,
    proofs: readonly Proof[],
  ): Promise<Person> {
    const found = await trace.measure(
      'onelogin: user',
      async () => read(user, await this.#account.get(`/api/2/users/${encodeURIComponent(userId)}`, signal)),
      ({ status }) => `status ${status}`,
    );
    if (String(found.id) !== userId) throw new Denied('IDENTITY_MISMATCH');
    requireActive(found);
    const { custom_attributes: custom, role_ids: roles, ...others } = found;
    return {
      subject: userId,
      userName: nameOf(found) ?? userName,
      attributes: new Map([...attributesOf(custom ?? {}), ...attributesOf(others)]),
      groups: (roles ?? []).map((role) => ({ id: String(role), name: String(role) })),
      proofs,
    };
  }
}

/** A key login never shows OneLogin a password, so a suspended person would keep their access. */
function requireActive({ status }: User): void {
  switch (status) {
    case STATUS.active:
      return;
    case STATUS.locked:
      throw new Denied('ACCOUNT_LOCKED');
    case STATUS.passwordExpired:
    case STATUS.awaitingReset:
      throw new Denied('PASSWORD_EXPIRED');
    default:
      throw new Denied('ACCOUNT_DISABLED', `The account has status ${status}.`);
  }
}

function nameOf({ username, email }: Pick<OneLoginUser, 'username' | 'email'>): string | undefined {
  return [username, email].find((name): name is string => typeof name === 'string' && name !== '');
}

function isSameText(one: string | null | undefined, other: string): boolean {
  return typeof one === 'string' && asciiLowerCase(one) === asciiLowerCase(other);
}

function read<Shape extends z.ZodType>(shape: Shape, { status, json }: HttpAnswer): z.output<Shape> {
  if (status === 404) throw new Denied('USER_UNKNOWN');
  if (status === 429) throw new Denied('THROTTLED', 'OneLogin answers with status 429.');
  if (status === 401 || status === 403)
    throw new IdentityFault(
      'CONFIGURATION_INVALID',
      `OneLogin answers with status ${status}; check the scope.`,
    );
  const parsed = shape.safeParse(json);
  if (status !== 200 || !parsed.success)
    throw new IdentityFault('UPSTREAM_ANSWER_INVALID', `OneLogin: no user, status ${status}.`);
  return parsed.data;
}
