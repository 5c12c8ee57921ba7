/** Who somebody is at Okta: profile, groups and the state of the account, with the Users API where there is a token for it. */

import { z } from 'zod';
import { Denied, IdentityFault } from '../../decision.ts';
import type { HttpAnswer } from '../../upstream/http.ts';
import { attributesOf } from '../attributes.ts';
import type { SignInNameOptions } from '../options.ts';
import type { Group, Login, Person, Proof } from '../provider.ts';
import { signInNameOf } from '../sign-in-name.ts';
import { refusalOf } from './error-codes.ts';
import type { OktaOptions } from './options.ts';
import type { OktaOrg } from './org.ts';

/** Most groups on a page that Okta gives. */
const GROUPS_PER_PAGE = 200;
/** Beyond 2,000 groups nobody knows any more what a user may reach. */
const MAX_GROUP_PAGES = 10;

const user = z.looseObject({
  id: z.string().min(1),
  status: z.string(),
  profile: z.looseObject({ login: z.string().min(1) }),
});

const groups = z.array(
  z.looseObject({ id: z.string().min(1), profile: z.looseObject({ name: z.string() }) }),
);

type User = z.output<typeof user>;

export class People {
  readonly #org: OktaOrg;
  readonly #options: Pick<OktaOptions, 'readGroups'> & SignInNameOptions;

  constructor(org: OktaOrg, options: Pick<OktaOptions, 'readGroups'> & SignInNameOptions) {
    this.#org = org;
    this.#options = options;
  }

  /**
   * Who was proven, with what the Users API knows beside what Okta said while proving; without a token only the latter.
   * @throws Denied where the account is not active, or of another name than that of the login; IdentityFault
   */
  async proven(login: Login, known: Person): Promise<Person> {
    // Orgs may take other attributes for a login, which users can change to the name of somebody here.
    if (!this.#isNamed(known, login))
      throw new Denied('IDENTITY_MISMATCH', 'The name is another one of the user.');
    if (!this.#org.hasApiToken) return known;
    // By id: a login may hold a slash, and a short name may be somebody else's too.
    const found = await this.#user(login, known.subject);
    if (found.id !== known.subject) throw new Denied('IDENTITY_MISMATCH');
    const person = await this.#person(login, found, known.proofs);
    return { ...person, attributes: new Map([...known.attributes, ...person.attributes]) };
  }

  /** Who logs in with a key; undefined without a token, for then Okta tells nothing. @throws Denied, IdentityFault */
  async find(login: Login): Promise<Person | undefined> {
    if (!this.#org.hasApiToken) return undefined;
    const found = await this.#user(login, signInNameOf(login.userName, this.#options));
    // Okta takes an id and `me`, the owner of our token, in the place of a login.
    if (!this.#isNamed({ userName: found.profile.login }, login))
      throw new Denied('USER_UNKNOWN', 'Okta knows the name as something else.');
    return this.#person(login, found, []);
  }

  /** Proves that the token is taken. @throws IdentityFault CONFIGURATION_INVALID */
  async check(signal: AbortSignal): Promise<void> {
    if (!this.#org.hasApiToken) return;
    const answer = await this.#org.get('/api/v1/users/me', signal);
    if (answer.status !== 200) throw refusalOf(answer, 'users');
  }

  /** A short name is the part before the `@`. */
  #isNamed({ userName }: Pick<Person, 'userName'>, login: Login): boolean {
    const known = comparable(userName);
    const wanted = comparable(signInNameOf(login.userName, this.#options));
    return known === wanted || (!wanted.includes('@') && known.split('@')[0] === wanted);
  }

  async #person(login: Login, found: User, proofs: readonly Proof[]): Promise<Person> {
    requireActive(found.status);
    return {
      subject: found.id,
      userName: found.profile.login,
      attributes: attributesOf(found.profile),
      groups: this.#options.readGroups ? await this.#groups(login, found.id) : [],
      proofs,
    };
  }

  async #user({ trace, signal }: Login, nameOrId: string): Promise<User> {
    return trace.measure(
      'okta: user',
      async () => {
        const answer = await this.#org.get(`/api/v1/users/${encodeURIComponent(nameOrId)}`, signal);
        return read(user, answer);
      },
      ({ status }) => `the account is ${status}`,
    );
  }

  async #groups({ trace, signal }: Login, id: string): Promise<readonly Group[]> {
    return trace.measure(
      'okta: groups',
      () => this.#allGroups(id, signal),
      ({ length }) => `${length} groups`,
    );
  }

  async #allGroups(id: string, signal: AbortSignal): Promise<readonly Group[]> {
    const all: Group[] = [];
    let url: string | undefined = `/api/v1/users/${encodeURIComponent(id)}/groups?limit=${GROUPS_PER_PAGE}`;
    for (let page = 0; url !== undefined; page += 1) {
      if (page >= MAX_GROUP_PAGES)
        throw new IdentityFault('UPSTREAM_ANSWER_INVALID', 'Okta: too many groups.');
      const answer: HttpAnswer = await this.#org.get(url, signal);
      for (const group of read(groups, answer)) all.push({ id: group.id, name: group.profile.name });
      url = nextPage(answer.headers);
    }
    return all;
  }
}

/** A key login never shows Okta a password, so a suspended person would keep their access. */
function requireActive(status: string): void {
  switch (status) {
    case 'ACTIVE':
      return;
    case 'LOCKED_OUT':
      throw new Denied('ACCOUNT_LOCKED');
    case 'PASSWORD_EXPIRED':
    case 'RECOVERY':
      throw new Denied('PASSWORD_EXPIRED', `The account is ${status}.`);
    case 'STAGED':
    case 'PROVISIONED':
    case 'SUSPENDED':
    case 'DEPROVISIONED':
      throw new Denied('ACCOUNT_DISABLED', `The account is ${status}.`);
    default:
      throw new IdentityFault('UPSTREAM_ANSWER_INVALID', 'Okta: the account is in an unknown state.');
  }
}

/** Logins are unique whatever their case and accents. */
function comparable(login: string): string {
  return login.normalize('NFD').replaceAll(/\p{M}/gu, '').toLowerCase();
}

function read<Shape extends z.ZodType>(shape: Shape, answer: HttpAnswer): z.output<Shape> {
  if (answer.status !== 200) throw refusalOf(answer, 'users');
  const parsed = shape.safeParse(answer.json);
  if (!parsed.success) throw new IdentityFault('UPSTREAM_ANSWER_INVALID', 'Okta: the user or their groups.');
  return parsed.data;
}

/** RFC 8288; the caller follows it only to the org itself. */
function nextPage(headers: Headers): string | undefined {
  return /<([^>]*)>\s*;\s*rel="?next"?/.exec(headers.get('link') ?? '')?.[1];
}
