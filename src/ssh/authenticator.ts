/** What the SSH layer asks of whoever knows the users. */

import type { AddressList } from './address-list.ts';
import type { Certificate } from './certificate.ts';
import type { PublicKey } from './public-key.ts';

/** RFC 4252 and RFC 4256 method names that can be offered. None stands for another: a prompt is no password. */
export type AuthMethod = 'password' | 'publickey' | 'keyboard-interactive';

export type AuthVerdict<Identity> =
  /** Proven. The only way to an open session. */
  | { readonly outcome: 'accepted'; readonly identity: Identity }
  /** This step is done, others are missing (partial success, RFC 4252 section 5.1). */
  | { readonly outcome: 'continue'; readonly methods: readonly AuthMethod[] }
  | { readonly outcome: 'refused'; readonly methods: readonly AuthMethod[] };

export type PasswordVerdict<Identity> =
  | AuthVerdict<Identity>
  /** The password must be changed first (RFC 4252 section 8); `prompt` says so to the user. No login. */
  | { readonly outcome: 'change-required'; readonly prompt: string };

export interface AuthAttempt {
  readonly userName: string;
  /** Aborts when the connection ends, the login time is over, or the client turned to another method. */
  readonly signal: AbortSignal;
}

/** A key as it was offered. */
export interface KeyAttempt extends AuthAttempt {
  /** The key that signs; with a certificate the key in it. */
  readonly key: PublicKey;
  /**
   * Valid now, but signed by its authority only once the key is proven. Whether to trust the authority is for
   * `acceptsKey` to say, by the authority's key alone.
   */
  readonly certificate?: Certificate;
}

/** Under which conditions a key is accepted. The SSH layer sees to them. */
export interface KeyTerms {
  /** Names of which a certificate must bear one; absent: the user's name. */
  readonly principals?: readonly string[];
  /** Where the user may come from; absent: anywhere. */
  readonly sourceAddresses?: AddressList;
  /** A security key must have verified its user. */
  readonly isVerificationRequired?: boolean;
  /** Whether a security key need not have been touched; absent: as its certificate says, else it must. */
  readonly isTouchOptional?: boolean;
}

export interface PasswordChange extends AuthAttempt {
  /** The present one. */
  readonly password: string;
  readonly newPassword: string;
}

/** One screen of a dialogue (RFC 4256 section 3.2). Control characters are taken out before it is shown. */
export interface Challenge {
  readonly name: string;
  readonly instruction: string;
  /** None is legal: the client shows the texts and goes on. */
  readonly prompts: readonly Prompt[];
}

export interface Prompt {
  readonly text: string;
  /** Whether the answer may be seen while it is typed. */
  readonly echo: boolean;
}

export interface DialogueAttempt extends AuthAttempt {
  /**
   * Shows the challenge and waits for as many answers as it has prompts.
   * @throws DialogueError when the client turns away, breaks a rule, or the dialogue becomes too long
   */
  prompt(challenge: Challenge): Promise<readonly string[]>;
}

/** Why the SSH layer refused by itself, without asking whether the user may log in, or against what it was told. */
export type LayerRefusal =
  | 'METHOD_NOT_OFFERED'
  | 'PASSWORD_EMPTY'
  | 'PASSWORD_NOT_UTF8'
  | 'PASSWORD_CHANGE_UNSUPPORTED'
  | 'KEY_UNUSABLE'
  | 'KEY_ALREADY_USED'
  | 'CERTIFICATE_INVALID'
  | 'PRINCIPAL_MISSING'
  | 'SOURCE_ADDRESS_REFUSED'
  | 'SIGNATURE_INVALID'
  | 'USER_NOT_PRESENT'
  | 'USER_NOT_VERIFIED'
  | 'DIALOGUE_ABANDONED'
  | 'DIALOGUE_INVALID'
  | 'AUTHENTICATOR_FAILED';

/**
 * One for each connection; asked one thing at a time. Anything but an explicit `accepted` is a refusal, a rejection too.
 * Keys are bytes here: the SSH layer has parsed them and verifies the signatures itself.
 */
export interface Authenticator<Identity> {
  /** The methods to offer first. Must not depend on whether the user exists. */
  readonly methods: readonly AuthMethod[];
  password(attempt: AuthAttempt & { readonly password: string }): Promise<PasswordVerdict<Identity>>;
  /** Where it is absent a request to change a password is refused. A change never counts as a login by itself. */
  changePassword?(change: PasswordChange): Promise<PasswordVerdict<Identity>>;
  /** Where it is absent the method is refused, whatever `methods` says. */
  keyboardInteractive?(attempt: DialogueAttempt): Promise<AuthVerdict<Identity>>;
  /** Whether a signature by this key would be looked at, and under which terms. Says nothing about who the user is. */
  acceptsKey(attempt: KeyAttempt): Promise<boolean | KeyTerms>;
  /** The user has signed this session with this key, the signature is verified and all terms are met. */
  keyProven(attempt: KeyAttempt): Promise<AuthVerdict<Identity>>;
  /** Told of refusals that were none of its own, so that they can be recorded. `cause`: what was thrown. */
  refusedByLayer?(attempt: AuthAttempt, method: AuthMethod, refusal: LayerRefusal, cause?: unknown): void;
}
