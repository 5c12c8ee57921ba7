/** The scripted people of a simulated tenant of Entra ID. */

export interface SimulatedGroup {
  readonly id: string;
  readonly name: string;
}

export interface SimulatedUser {
  /** `oid` of tokens and `id` of Graph: a GUID. */
  readonly id: string;
  readonly userPrincipalName: string;
  readonly password: string;
  /** Number of the error that every password login of theirs ends in, whatever the password. */
  readonly aadsts?: number;
  readonly isDisabled?: boolean;
  readonly groups?: readonly SimulatedGroup[];
  /** Application roles. */
  readonly roles?: readonly string[];
  /** Further properties in Graph. */
  readonly properties?: Readonly<Record<string, unknown>>;
  /** Further claims, or other values of known ones. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Wrong passwords until the account is locked. */
  readonly maxFailures?: number;
}

const DEFAULT_MAX_FAILURES = 10;

export class Account {
  readonly user: SimulatedUser;
  failureCount = 0;

  constructor(user: SimulatedUser) {
    this.user = user;
  }

  /** The error of a password login; undefined where it is right. */
  errorFor(password: string): number | undefined {
    const { aadsts, isDisabled, maxFailures = DEFAULT_MAX_FAILURES } = this.user;
    if (this.failureCount >= maxFailures) return 50053;
    if (aadsts !== undefined) return aadsts;
    if (password !== this.user.password) {
      this.failureCount += 1;
      return 50126;
    }
    if (isDisabled === true) return 50057;
    this.failureCount = 0;
    return undefined;
  }
}

/** Names that stand for an error, beside those that hold a number: `aadsts50076@…`. */
export const NAMED_ERRORS: Readonly<Record<string, number>> = {
  locked: 50053,
  expired: 50055,
  disabled: 50057,
  enrol: 50079,
  mfa: 50076,
  federated: 50126,
  device: 53000,
  blocked: 53003,
  unassigned: 50105,
  consent: 65001,
  loop: 50196,
  transient: 90033,
  hours: 80012,
};

export class Accounts {
  readonly #accounts: readonly Account[];

  constructor(users: readonly SimulatedUser[]) {
    this.#accounts = users.map((user) => new Account(user));
  }

  get all(): readonly Account[] {
    return this.#accounts;
  }

  byName(name: string): Account | undefined {
    const wanted = name.toLowerCase();
    return this.#accounts.find(({ user }) =>
      [user.userPrincipalName.toLowerCase(), user.id.toLowerCase()].includes(wanted),
    );
  }
}

/** The error that the name of somebody who is not scripted stands for. */
export function errorNamed(name: string): number | undefined {
  const local = name.toLowerCase().split('@')[0] ?? '';
  const digits = /^aadsts(\d{4,8})$/.exec(local)?.[1];
  return digits === undefined ? NAMED_ERRORS[local] : Number(digits);
}
