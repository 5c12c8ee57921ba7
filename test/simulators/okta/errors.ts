/** Okta's error codes with their HTTP statuses and summaries, and what the simulator throws to answer with one. */

/** HTTP status and summary by `errorCode`. Only the code is stable at Okta; clients must not read the summary. */
export const OKTA_ERRORS = {
  E0000001: [400, 'Api validation failed: authn'],
  E0000003: [400, 'The request body was not well-formed.'],
  E0000004: [401, 'Authentication failed'],
  E0000005: [403, 'Invalid session'],
  E0000006: [403, 'You do not have permission to perform the requested action'],
  E0000007: [404, 'Not found: Resource not found'],
  E0000009: [500, 'Internal Server Error'],
  E0000010: [503, 'Service is in read only mode'],
  E0000011: [401, 'Invalid token provided'],
  E0000014: [403, 'Update of credentials failed'],
  E0000015: [401, 'You do not have permission to access the feature you are requesting'],
  E0000022: [405, 'The endpoint does not support the provided HTTP method'],
  E0000038: [403, "This operation is not allowed in the user's current status."],
  E0000047: [429, 'API call exceeded rate limit due to too many requests.'],
  E0000064: [401, 'Password is expired and must be changed.'],
  E0000068: [403, 'Invalid Passcode/Answer'],
  E0000069: [403, 'User Locked'],
  E0000074: [400, 'Factor Service Error'],
  E0000079: [403, 'This operation is not allowed in the current authentication state.'],
  E0000082: [403, 'Each code can only be used once. Please wait for a new code and try again.'],
  E0000083: [403, 'PassCode is valid but exceeded time window.'],
  E0000087: [403, 'The recovery question answer did not match our records.'],
  E0000095: [403, 'Recovery not allowed for unknown user.'],
  E0000105: [403, 'You have accessed an account recovery link that has expired or been previously used.'],
  E0000109: [429, 'An SMS message was recently sent. Please wait 30 seconds before trying again.'],
  E0000119: [403, 'Your account is locked. Please contact your administrator.'],
  E0000133: [429, 'A phone call was recently made. Please wait 30 seconds before trying again.'],
  E0000138: [500, 'There was an internal error with call provider(s).'],
} as const satisfies Record<string, readonly [status: number, summary: string]>;

export type OktaErrorCode = keyof typeof OKTA_ERRORS;

/** Answered as Okta answers it. */
export class OktaFailure extends Error {
  override readonly name = 'OktaFailure';
  readonly code: OktaErrorCode;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: OktaErrorCode, headers: Readonly<Record<string, string>> = {}) {
    super(code);
    this.code = code;
    this.headers = headers;
  }
}

/** An error of the OAuth endpoints (RFC 6749 section 5.2). */
export class OAuthFailure extends Error {
  override readonly name = 'OAuthFailure';
  readonly status: number;
  readonly body: Readonly<Record<string, string>>;

  constructor(
    status: number,
    error: string,
    description: string,
    more: Readonly<Record<string, string>> = {},
  ) {
    super(error);
    this.status = status;
    this.body = { error, error_description: description, ...more };
  }
}

export function errorBody(code: OktaErrorCode): object {
  return {
    errorCode: code,
    errorSummary: OKTA_ERRORS[code][1],
    errorLink: code,
    errorId: 'oaeSimulated',
    errorCauses:
      code === 'E0000068'
        ? [{ errorSummary: "Your passcode doesn't match our records. Please try again." }]
        : [],
  };
}
