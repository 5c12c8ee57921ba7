/** The scripted people of a simulated OneLogin account. */

/** What a phone does with a push, counted in polls after the call that sends it. */
export interface PushScript {
  readonly ends: 'approve' | 'reject' | 'never';
  readonly afterPolls: number;
}

export type SimulatedDevice = { readonly id: number } & (
  | { readonly type: 'Google Authenticator' | 'Authenticator' | 'Yubico YubiKey'; readonly code: string }
  | { readonly type: 'OneLogin SMS' | 'OneLogin Email'; readonly code: string }
  | { readonly type: 'OneLogin Protect'; readonly code: string; readonly push: PushScript }
  | { readonly type: 'WebAuthn' }
);

/** `status` of the User resource. */
export type UserStatus = 0 | 1 | 2 | 3 | 4 | 5 | 7 | 8;

export interface SimulatedUser {
  readonly id: number;
  readonly username: string;
  readonly email: string;
  readonly password: string;
  readonly status?: UserStatus;
  /** Whether the policy asks for a second factor; by default where there are devices. */
  readonly needsFactor?: boolean;
  readonly devices?: readonly SimulatedDevice[];
  readonly roleIds?: readonly number[];
  readonly customAttributes?: Readonly<Record<string, unknown>>;
  /** Wrong passwords until the account is locked. */
  readonly maxFailures?: number;
}

const DEFAULT_MAX_FAILURES = 5;

export class Account {
  readonly user: SimulatedUser;
  failureCount = 0;

  constructor(user: SimulatedUser) {
    this.user = user;
  }

  get status(): UserStatus {
    const { status = 1, maxFailures = DEFAULT_MAX_FAILURES } = this.user;
    return this.failureCount >= maxFailures ? 3 : status;
  }

  get needsFactor(): boolean {
    return this.user.needsFactor ?? (this.user.devices ?? []).length > 0;
  }
}

export class Accounts {
  readonly #accounts: readonly Account[];

  constructor(users: readonly SimulatedUser[]) {
    this.#accounts = users.map((user) => new Account(user));
  }

  get all(): readonly Account[] {
    return this.#accounts;
  }

  byNameOrEmail(name: string): Account | undefined {
    const wanted = name.toLowerCase();
    return this.#accounts.find(({ user }) =>
      [user.username.toLowerCase(), user.email.toLowerCase()].includes(wanted),
    );
  }
}
