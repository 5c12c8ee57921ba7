/** Who somebody is at OneLogin: the account's state, attributes and roles, where users may be read. */

import { z } from 'zod';
import { Denied, IdentityFault } from '../../decision.ts';
import type { HttpAnswer } from '../../upstream/http.ts';
import { attributesOf } from '../attributes.ts';
import { asciiLowerCase } from '../identity-binding.ts';
import type { SignInNameOptions } from '../options.ts';
import type { Login, Person, Proof } from '../provider.ts';
import { signInNameOf } from '../sign-in-name.ts';
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

type PeopleOptions = Pick<OneLoginOptions, 'readUsers' | 'names'> & SignInNameOptions;

export class People {
  readonly #account: OneLoginAccount;
  readonly #options: PeopleOptions;

  constructor(account: OneLoginAccount, options: PeopleOptions) {
    this.#account = account;
    this.#options = options;
  }

  /** Who was proven, who must be the user of the login. @throws Denied, IdentityFault */
  async proven(login: Login, known: OneLoginUser, proofs: readonly Proof[]): Promise<Person> {
    const { names, readUsers } = this.#options;
    const wanted = signInNameOf(login.userName, this.#options);
    // Whoever can change a name of theirs could else log in under one that is somebody's here.
    if (!names.some((each) => isSameText(known[each], wanted)))
      throw new Denied('IDENTITY_MISMATCH', 'The name is another one of the user.');
    if (readUsers) return this.#person(login, known.id, proofs);
    return {
      subject: known.id,
      userName: nameOf(known) ?? login.userName,
      attributes: attributesOf(known),
      groups: [],
      proofs,
    };
  }

  /** Who logs in with a key; undefined where users are not read. @throws Denied, IdentityFault */
  async find(login: Login): Promise<Person | undefined> {
    const { names, readUsers } = this.#options;
    if (!readUsers) return undefined;
    const name = signInNameOf(login.userName, this.#options);
    const ids = new Set<string>();
    // All of them: the address of one user may be the name of another.
    for (const member of names) {
      if (member === 'email' && !name.includes('@')) continue;
      const found = await this.#named(login, member, name);
      if (found !== undefined) ids.add(String(found.id));
    }
    const [userId, ...others] = ids;
    if (others.length > 0) throw new Denied('USER_AMBIGUOUS');
    if (userId === undefined) throw new Denied('USER_UNKNOWN');
    return this.#person(login, userId, []);
  }

  async #named({ trace, signal }: Login, member: OneLoginOptions['names'][number], name: string) {
    const url = `/api/2/users?${new URLSearchParams({ [member]: name })}`;
    return trace.measure(
      `onelogin: user by ${member}`,
      async () => {
        const found = read(entries, await this.#account.get(url, signal));
        // The filter knows wildcards.
        const exact = found.filter((each) => isSameText(each[member], name));
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
