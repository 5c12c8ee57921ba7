/** Who somebody is at Entra ID: the claims of their token, and what Graph knows beside them. */

import { z } from 'zod';
import { Denied, IdentityFault } from '../../decision.ts';
import type { Secret } from '../../secret.ts';
import { attributesOf } from '../attributes.ts';
import { asciiLowerCase, type Claims, requireIdentity, verifiedClaims } from '../identity-binding.ts';
import type { Group, Login, Person, Proof } from '../provider.ts';
import { signInNameOf } from '../sign-in-name.ts';
import type { Graph, GraphUser } from './graph.ts';
import type { EntraOptions } from './options.ts';
import type { EntraClaims, EntraIdTokens, UserTokens } from './tenant.ts';

const ROLE_PREFIX = 'role:';
const OBJECT_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const texts = z.array(z.string());
/** For users with more groups than fit, the claim names where else they are; nobody needs to go there. */
const overage = z.union([
  z.looseObject({
    _claim_names: z.looseObject({ groups: z.unknown().refine((name) => name !== undefined) }),
  }),
  z.looseObject({ hasgroups: z.union([z.literal(true), z.literal('true')]) }),
]);

export interface PeopleParts {
  readonly options: EntraOptions;
  readonly idTokens: EntraIdTokens;
  readonly graph: Graph;
}

export class People {
  readonly #options: EntraOptions;
  readonly #idTokens: EntraIdTokens;
  readonly #graph: Graph;

  constructor({ options, idTokens, graph }: PeopleParts) {
    this.#options = options;
    this.#idTokens = idTokens;
    this.#graph = graph;
  }

  /** Whom the tokens prove, who must be the user of the login. @throws Denied, IdentityFault */
  async proven(login: Login, tokens: UserTokens, proofs: readonly Proof[]): Promise<Person> {
    const claims = await login.trace.measure(
      'entra: id token',
      () => this.#idTokens.verify(tokens.idToken, login.signal),
      () => 'holds',
    );
    requireIdentity(claims, login, this.#options);
    if (isGuest(claims)) this.#refuseGuest();
    const user = this.#options.readDirectory ? await this.#user(login, claims.oid) : undefined;
    if (user !== undefined && !isSameText(user.id, claims.oid)) throw new Denied('IDENTITY_MISMATCH');
    const verified = verifiedClaims(claims);
    const groups = this.#withoutRoleNames(await this.#groups(login, claims, tokens.accessToken));
    return {
      subject: claims.oid,
      userName: nameIn(verified, this.#options.identityClaim) ?? signInNameOf(login.userName, this.#options),
      attributes: new Map([...attributesOf(verified), ...propertiesOf(user)]),
      groups: [...groups, ...this.#roles(claims)],
      proofs,
    };
  }

  /** Who logs in with a key; undefined where the directory is not read. @throws Denied, IdentityFault */
  async find(login: Login): Promise<Person | undefined> {
    if (!this.#options.readDirectory) return undefined;
    const name = signInNameOf(login.userName, this.#options);
    const isId = OBJECT_ID.test(name);
    // Graph has functions such as `delta` in the place of a user.
    if (!isId && !name.includes('@'))
      throw new Denied('USER_UNKNOWN', 'The name is no user principal name; see signInDomain.');
    const user = await this.#user(login, name);
    if (!isSameText(isId ? user.id : user.userPrincipalName, name))
      throw new Denied('USER_UNKNOWN', 'Entra ID knows the name as something else.');
    return {
      subject: user.id,
      userName: user.userPrincipalName,
      attributes: propertiesOf(user),
      groups:
        this.#options.groups === 'none'
          ? []
          : this.#withoutRoleNames(await this.#graph.groupsOf(login, user.id)),
      proofs: [],
    };
  }

  async #user(login: Login, nameOrId: string): Promise<GraphUser> {
    const user = await this.#graph.user(login, nameOrId);
    if (user.userType === 'Guest') this.#refuseGuest();
    return user;
  }

  #refuseGuest(): void {
    if (this.#options.guests === 'refuse')
      throw new Denied('NOT_ASSIGNED', 'The user is a guest of the tenant.');
  }

  async #groups(
    login: Login,
    claims: EntraClaims,
    accessToken: Secret | undefined,
  ): Promise<readonly Group[]> {
    const { groups, readDirectory } = this.#options;
    if (groups === 'none') return [];
    if (groups === 'claim' && !overage.safeParse(claims).success)
      return (texts.safeParse(claims.groups).data ?? []).map((id) => ({ id, name: id }));
    if (readDirectory) return this.#graph.groupsOf(login, claims.oid);
    if (accessToken === undefined)
      throw new IdentityFault('UPSTREAM_ANSWER_INVALID', 'Entra ID gives no access token for Graph.');
    return this.#graph.ownGroups(login, accessToken);
  }

  /** In many tenants users make groups and name them: no name of theirs may pass for a role. */
  #withoutRoleNames(groups: readonly Group[]): readonly Group[] {
    if (!this.#options.rolesAsGroups) return groups;
    return groups
      .filter(({ id }) => !isLikeRole(id))
      .map(({ id, name }) => ({ id, name: isLikeRole(name) ? id : name }));
  }

  #roles(claims: EntraClaims): readonly Group[] {
    if (!this.#options.rolesAsGroups) return [];
    const roles = texts.safeParse(claims.roles).data ?? [];
    return roles.map((role) => ({ id: `${ROLE_PREFIX}${role}`, name: `${ROLE_PREFIX}${role}` }));
  }
}

function isLikeRole(text: string): boolean {
  return text.toLowerCase().startsWith(ROLE_PREFIX);
}

/** `idp` names who keeps the account, where that is not the tenant; `acct` is an optional claim. */
function isGuest({ idp, iss, tid, acct }: EntraClaims): boolean {
  const isOfTenant = idp === undefined || idp === iss || idp === `https://sts.windows.net/${tid}/`;
  return !isOfTenant || String(acct) === '1';
}

function nameIn(claims: Claims, identityClaim: string): string | undefined {
  return [claims[identityClaim], claims.preferred_username].find(
    (name): name is string => typeof name === 'string' && name !== '',
  );
}

/** `extensionAttribute1` to `15` are members of a property of their own. */
function propertiesOf(user: GraphUser | undefined): ReadonlyMap<string, readonly string[]> {
  if (user === undefined) return new Map();
  const { onPremisesExtensionAttributes: extensions, ...others } = user;
  const nested = z.record(z.string(), z.unknown()).safeParse(extensions).data ?? {};
  return new Map([...attributesOf(nested), ...attributesOf(others)]);
}

function isSameText(one: string, other: string): boolean {
  return asciiLowerCase(one) === asciiLowerCase(other);
}
