/** What Cognito's errors mean. Their texts tell cases of one type apart, and never decide between yes and no. */

import { type DenialCode, Denied, IdentityFault } from '../../decision.ts';
import { awsFault } from '../../upstream/aws-service.ts';

/** What was asked when the error came: the same type means another thing for a password and for a code. */
export type Phase = 'password' | 'code' | 'new-password' | 'look-up';

type Refusal = readonly [code: DenialCode, detail?: string];

/** What a plain no means in each phase. */
const PLAIN_REFUSALS: Readonly<Record<Phase, DenialCode>> = {
  password: 'BAD_CREDENTIALS',
  code: 'BAD_CODE',
  'new-password': 'PASSWORD_EXPIRED',
  'look-up': 'USER_UNKNOWN',
};

const REFUSALS: ReadonlyMap<string, Refusal> = new Map<string, Refusal>([
  ['UserNotFoundException', ['USER_UNKNOWN']],
  ['UserNotConfirmedException', ['ACCOUNT_DISABLED', 'The user is not confirmed.']],
  ['PasswordResetRequiredException', ['PASSWORD_EXPIRED', 'An administrator has reset it.']],
  ['InvalidPasswordException', ['PASSWORD_EXPIRED', 'The new one breaks a rule of the pool.']],
  ['PasswordHistoryPolicyViolationException', ['PASSWORD_EXPIRED', 'The new one was used before.']],
  ['CodeMismatchException', ['BAD_CODE']],
  ['ExpiredCodeException', ['BAD_CODE', 'It has expired.']],
  ['SoftwareTokenMFANotFoundException', ['MFA_ENROLMENT_REQUIRED']],
  ['MFAMethodNotFoundException', ['MFA_ENROLMENT_REQUIRED']],
  ['TooManyRequestsException', ['THROTTLED']],
  ['LimitExceededException', ['THROTTLED']],
  ['TooManyFailedAttemptsException', ['THROTTLED']],
  ['ThrottlingException', ['THROTTLED']],
  ['ForbiddenException', ['THROTTLED', 'AWS WAF of the user pool blocks the call.']],
  ['UserLambdaValidationException', ['CONDITIONAL_ACCESS', 'A Lambda trigger of the pool refuses.']],
  // No outage of Cognito: a trigger may fail for one name only, and a breaker would shut everybody else out.
  ['UnexpectedLambdaException', ['CONDITIONAL_ACCESS', 'A Lambda trigger of the pool fails.']],
  [
    'InvalidLambdaResponseException',
    ['CONDITIONAL_ACCESS', 'A Lambda trigger of the pool answers nonsense.'],
  ],
]);

const CONFIGURATION_ERRORS = new Set([
  'EnableSoftwareTokenMFAException',
  'InvalidEmailRoleAccessPolicyException',
  'InvalidParameterException',
  'InvalidSmsRoleAccessPolicyException',
  'InvalidSmsRoleTrustRelationshipException',
  'InvalidUserPoolConfigurationException',
  'ResourceNotFoundException',
  'UnsupportedOperationException',
  'UserPoolAddOnNotEnabledException',
]);

/** Cases of `NotAuthorizedException`, which is a wrong password in every other case. */
const NOT_AUTHORIZED: readonly (readonly [text: RegExp, refusal: Refusal])[] = [
  // The lock begins with the fifth failure, doubles each time up to some 15 minutes, and counts codes too.
  [/attempts exceeded/i, ['ACCOUNT_LOCKED', 'Cognito takes no attempt before some time has passed.']],
  [/disabled/i, ['ACCOUNT_DISABLED']],
  [/session is expired|session expired/i, ['MFA_TIMED_OUT']],
  [/invalid session/i, ['STATE_INVALID']],
  [/temporary password has expired/i, ['PASSWORD_EXPIRED', 'The temporary one has expired.']],
  [/account has expired/i, ['PASSWORD_EXPIRED', 'An administrator has to reset it.']],
];

/** Whoever reads this error is told the truth about our settings, not about the user. */
const CLIENT_SECRET_WRONG = /secret hash|secret was not received|configured (?:for|with) secret/i;

/** @returns never more of the error than its name: texts of triggers may hold anything */
export function cognitoVerdict(phase: Phase): (error: unknown, service: string) => Denied | IdentityFault {
  return (error, service) => {
    if (!(error instanceof Error)) return awsFault(error, service);
    const { name, message } = error;
    if (name === 'NotAuthorizedException') return notAuthorized(phase, message);
    if (name === 'ExpiredCodeException' && /already been used/i.test(message))
      return new Denied('CODE_REPLAYED');
    if (name === 'InvalidParameterException' && isAboutInput(message))
      return new Denied(PLAIN_REFUSALS[phase], 'Cognito does not take what was typed.');
    const refusal = REFUSALS.get(name);
    if (refusal !== undefined) return new Denied(...refusal);
    if (CONFIGURATION_ERRORS.has(name))
      return new IdentityFault('CONFIGURATION_INVALID', `${service}: ${name}.`);
    return awsFault(error, service);
  };
}

function notAuthorized(phase: Phase, message: string): Denied | IdentityFault {
  if (CLIENT_SECRET_WRONG.test(message))
    return new IdentityFault('CONFIGURATION_INVALID', 'The secret of the app client is wrong or missing.');
  const known = NOT_AUTHORIZED.find(([text]) => text.test(message));
  return known === undefined ? new Denied(PLAIN_REFUSALS[phase]) : new Denied(...known[1]);
}

/** A password of 300 characters or a code of letters breaks a rule of the API, which is nobody's configuration. */
function isAboutInput(message: string): boolean {
  return /failed to satisfy constraint|invalid code/i.test(message);
}
