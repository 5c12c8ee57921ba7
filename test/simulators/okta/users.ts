/** The scripted people of a simulated Okta org: credentials, factors, policy, profile and groups. */

/** Statuses of `GET /api/v1/users/{id}`. */
export type UserStatus =
  | 'ACTIVE'
  | 'PASSWORD_EXPIRED'
  | 'LOCKED_OUT'
  | 'RECOVERY'
  | 'PROVISIONED'
  | 'STAGED'
  | 'SUSPENDED'
  | 'DEPROVISIONED';

/** What a phone does with a push, counted in polls after the one that sends it. */
export interface PushScript {
  readonly ends: 'approve' | 'reject' | 'timeout' | 'never';
  readonly afterPolls: number;
  /** The right one of three numbers, shown once the phone shows them. */
  readonly number?: { readonly shown: number; readonly afterPolls: number };
}

export type SimulatedFactor = { readonly id: string; readonly isWithoutLinks?: boolean } & (
  | { readonly type: 'token:software:totp'; readonly provider: 'OKTA' | 'GOOGLE'; readonly secret: string }
  | { readonly type: 'token:hotp'; readonly provider: 'CUSTOM'; readonly secret: string }
  | { readonly type: 'token:hardware'; readonly provider: 'YUBICO'; readonly passCodes: readonly string[] }
  | { readonly type: 'token'; readonly provider: 'RSA' | 'SYMANTEC'; readonly passCodes: readonly string[] }
  | {
      readonly type: 'sms' | 'call';
      readonly provider: 'OKTA';
      readonly code: string;
      readonly phoneNumber: string;
    }
  | { readonly type: 'email'; readonly provider: 'OKTA'; readonly code: string; readonly email: string }
  | {
      readonly type: 'question';
      readonly provider: 'OKTA';
      readonly question: string;
      readonly answer: string;
    }
  | { readonly type: 'push'; readonly provider: 'OKTA'; readonly script: PushScript }
  | { readonly type: 'webauthn' | 'u2f'; readonly provider: 'FIDO' }
  | { readonly type: 'web'; readonly provider: 'DUO' }
);

export interface SimulatedGroup {
  readonly id: string;
  readonly name: string;
}

export interface SignOnPolicy {
  /** Whether a second factor is asked for: by addresses, for everybody who comes from none of them. */
  readonly mfa?: 'never' | 'always' | { readonly exceptFrom: readonly string[] };
  /** Whether a locked account is said to be locked; by default it looks like a wrong password. */
  readonly showsLockOut?: boolean;
  /** Wrong passwords and codes until the account is locked. */
  readonly maxFailures?: number;
  /** Days until the password expires; answered only where the client asks to be warned, or `always`. */
  readonly warns?: 'if asked' | 'always';
  readonly isPasswordExpired?: boolean;
  /** Answered in place of the status that would follow the password, with a `stateToken`. */
  readonly status?: string;
  /** After the first factor another one is wanted. */
  readonly wantsTwoFactors?: boolean;
}

export interface SimulatedUser {
  readonly id: string;
  readonly login: string;
  readonly password: string;
  readonly status?: UserStatus;
  /** Members of the profile beside `login`, `email`, `firstName` and `lastName`. */
  readonly profile?: Readonly<Record<string, unknown>>;
  readonly groups?: readonly SimulatedGroup[];
  readonly factors?: readonly SimulatedFactor[];
  readonly policy?: SignOnPolicy;
}

const DEFAULT_MAX_FAILURES = 10;

/** A user and what has happened to the account. */
export class Account {
  readonly user: SimulatedUser;
  #failureCount = 0;
  /** Last accepted counter of a one-time password, or the pass codes that are used up, by factor. */
  readonly #lastCounter = new Map<string, number>();
  readonly #usedCodes = new Set<string>();
  readonly #sentAtMs = new Map<string, number>();

  constructor(user: SimulatedUser) {
    this.user = user;
  }

  get isLocked(): boolean {
    const { status, policy } = this.user;
    return status === 'LOCKED_OUT' || this.#failureCount >= (policy?.maxFailures ?? DEFAULT_MAX_FAILURES);
  }

  get status(): UserStatus {
    return this.isLocked ? 'LOCKED_OUT' : (this.user.status ?? 'ACTIVE');
  }

  get failureCount(): number {
    return this.#failureCount;
  }

  fail(): void {
    this.#failureCount += 1;
  }

  succeed(): void {
    this.#failureCount = 0;
  }

  lastCounterOf(factorId: string): number {
    return this.#lastCounter.get(factorId) ?? -1;
  }

  useCounter(factorId: string, counter: number): void {
    this.#lastCounter.set(factorId, counter);
  }

  /** @returns whether it is used for the first time */
  useCode(factorId: string, code: string): boolean {
    const used = `${factorId} ${code}`;
    if (this.#usedCodes.has(used)) return false;
    this.#usedCodes.add(used);
    return true;
  }

  lastSentMs(factorId: string): number | undefined {
    return this.#sentAtMs.get(factorId);
  }

  send(factorId: string, nowMs: number): void {
    this.#sentAtMs.set(factorId, nowMs);
  }

  needsSecondFactor(clientAddress: string): boolean {
    const mfa = this.user.policy?.mfa ?? 'never';
    if (mfa === 'never' || mfa === 'always') return mfa === 'always';
    return !mfa.exceptFrom.includes(clientAddress);
  }

  get profile(): Readonly<Record<string, unknown>> {
    const { login, profile } = this.user;
    const [name = login] = login.split('@');
    return { login, email: login, firstName: name, lastName: 'Simulated', ...profile };
  }
}

/** Finds people as Okta does: a login without regard to case, or the part before its `@` where that is one person's. */
export class Accounts {
  readonly #accounts: readonly Account[];

  constructor(users: readonly SimulatedUser[]) {
    this.#accounts = users.map((user) => new Account(user));
  }

  byName(name: string): Account | undefined {
    const wanted = name.toLowerCase();
    const exact = this.#accounts.find(({ user }) => user.login.toLowerCase() === wanted);
    if (exact !== undefined) return exact;
    const short = this.#accounts.filter(({ user }) => user.login.toLowerCase().split('@')[0] === wanted);
    return short.length === 1 ? short[0] : undefined;
  }

  byId(id: string): Account | undefined {
    return this.#accounts.find(({ user }) => user.id === id);
  }

  /** The owner of the API token: whoever was scripted first. */
  get owner(): Account | undefined {
    return this.#accounts[0];
  }

  get all(): readonly Account[] {
    return this.#accounts;
  }
}
