/** What a built-in provider decides about a login, as stable codes: a denial is an answer, a fault is the lack of one. */

/** The person is not let in, and somebody has said so: upstream, a record or a rule. The answer to all of these is `{}`. */
export const DENIALS = {
  BAD_CREDENTIALS: 'The user name or the password is wrong.',
  BAD_CODE: 'The password was not disproved, but the code is wrong.',
  CODE_REPLAYED: 'The code was used before.',
  CODE_MISSING: 'The password does not end in a code, and one is required.',
  MFA_REQUIRED: 'A second factor is required, and none was proven.',
  MFA_ENROLMENT_REQUIRED: 'The user has to enrol a second factor elsewhere first.',
  MFA_UNSUPPORTED: 'The user has only second factors that cannot be used here.',
  MFA_REJECTED: 'The user, or their device, refused the second factor.',
  MFA_TIMED_OUT: 'The second factor was not given in time.',
  ACCOUNT_LOCKED: 'The account is locked.',
  ACCOUNT_DISABLED: 'The account is disabled.',
  ACCOUNT_EXPIRED: 'The account is not valid yet, or not any more.',
  PASSWORD_EXPIRED: 'The password is expired or has to be changed elsewhere first.',
  CONDITIONAL_ACCESS: 'A policy of the identity provider refuses this login.',
  NOT_ASSIGNED: 'The user is not assigned to the application, or in none of the allowed groups.',
  IDENTITY_MISMATCH: 'Somebody else than the user of this login was proven.',
  USER_UNKNOWN: 'There is no such user.',
  USER_AMBIGUOUS: 'More than one user fits the name.',
  NOT_MAPPED: 'The user is known, but nothing says what they may reach.',
  NO_KEYS: 'The user has no public key that is valid.',
  PASSWORD_UNUSABLE: 'The password cannot be judged by this provider.',
  PASSWORD_NOT_ACCEPTED: 'This user does not log in with a password, or not with this protocol.',
  KEYS_NOT_ACCEPTED: 'This provider has nobody log in with a key.',
  PROVIDER_UNKNOWN: 'The name after the delimiter is none of the configured providers.',
  PROVIDER_DISABLED: 'The provider is switched off.',
  SOURCE_REFUSED: 'The address of the client is in none of the allowed networks.',
  SERVER_REFUSED: 'The user or the provider is not for this server.',
  PROTOCOL_REFUSED: 'The user or the provider is not for this protocol.',
  TIME_REFUSED: 'The user may not log in at this time.',
  NAME_REFUSED: 'The user name is not one that this provider takes.',
  ROLE_REFUSED: 'The role that the user would get is not one that this provider may give.',
  RECORD_INVALID: 'The record of the user is not usable; nobody else is concerned.',
  TOO_MANY_FAILURES:
    'This user failed too often: the provider is not asked again before some time has passed.',
  THROTTLED: 'The identity provider takes no more attempts for now.',
  STATE_INVALID: 'The state of the dialogue is not one of this login, or too old.',
} as const satisfies Record<string, string>;

/** Nobody could tell. The function fails, as a Lambda function that throws. */
export const FAULTS = {
  UPSTREAM_TIMED_OUT: 'The identity provider or the store did not answer in time.',
  UPSTREAM_UNREACHABLE: 'The identity provider or the store could not be reached.',
  UPSTREAM_FAILED: 'The identity provider or the store answered with an error of its own.',
  UPSTREAM_ANSWER_INVALID: 'The identity provider or the store answered something that is not understood.',
  UPSTREAM_SUSPENDED: 'The identity provider or the store failed too often and is given a pause.',
  CONFIGURATION_INVALID: 'The provider is configured wrongly: nobody can log in.',
  OVERLOADED: 'Too many logins are being judged already.',
  EVENT_INVALID: 'The event is not one of the contract.',
  INTERNAL_ERROR: 'The login could not be judged because of an internal error.',
} as const satisfies Record<string, string>;

export type DenialCode = keyof typeof DENIALS;
export type FaultCode = keyof typeof FAULTS;

/** What is logged of every login that a built-in provider judged. Holds nothing secret. */
export interface Decision {
  readonly code: 'GRANTED' | 'CHALLENGED' | DenialCode | FaultCode;
  /** For the log, never for the client. */
  readonly message: string;
}

/** Thrown by whatever part of a built-in provider says no. */
export class Denied extends Error {
  override readonly name = 'Denied';
  readonly code: DenialCode;

  /** `detail` says what was found; it is for the log and holds nothing the user typed. */
  constructor(code: DenialCode, detail?: string, options?: ErrorOptions) {
    super(detail === undefined ? DENIALS[code] : `${DENIALS[code]} ${detail}`, options);
    this.code = code;
  }
}

/** Thrown where nobody can tell whether the user may log in. */
export class IdentityFault extends Error {
  override readonly name = 'IdentityFault';
  readonly code: FaultCode;

  /** `detail` says what was found; it is for the log and holds nothing secret. */
  constructor(code: FaultCode, detail?: string, options?: ErrorOptions) {
    super(detail === undefined ? FAULTS[code] : `${FAULTS[code]} ${detail}`, options);
    this.code = code;
  }
}
