import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CANARY, CognitoBench, questionOf } from './testing/bench.ts';
import { challenge } from './testing/scripted-cognito.ts';

const CONFIGURED_FOR_SECRET = 'Client 1example is configured for secret but secret was not received';

const ofPasswords: readonly [type: string, message: string, code: string][] = [
  ['NotAuthorizedException', 'Incorrect username or password.', 'BAD_CREDENTIALS'],
  ['NotAuthorizedException', `anything ${CANARY}`, 'BAD_CREDENTIALS'],
  ['NotAuthorizedException', 'Password attempts exceeded', 'ACCOUNT_LOCKED'],
  ['NotAuthorizedException', 'User is disabled.', 'ACCOUNT_DISABLED'],
  [
    'NotAuthorizedException',
    'User account has expired, it must be reset by an administrator.',
    'PASSWORD_EXPIRED',
  ],
  [
    'NotAuthorizedException',
    'Temporary password has expired and must be reset by an administrator.',
    'PASSWORD_EXPIRED',
  ],
  ['NotAuthorizedException', 'Unable to verify secret hash for client 1example', 'CONFIGURATION_INVALID'],
  ['NotAuthorizedException', CONFIGURED_FOR_SECRET, 'CONFIGURATION_INVALID'],
  ['UserNotFoundException', 'User does not exist.', 'USER_UNKNOWN'],
  ['UserNotConfirmedException', 'User is not confirmed.', 'ACCOUNT_DISABLED'],
  ['PasswordResetRequiredException', 'Password reset required for the user', 'PASSWORD_EXPIRED'],
  ['TooManyRequestsException', 'Rate exceeded', 'THROTTLED'],
  ['LimitExceededException', 'Attempt limit exceeded', 'THROTTLED'],
  ['ForbiddenException', 'Request not allowed due to WAF block.', 'THROTTLED'],
  ['ResourceNotFoundException', 'User pool client does not exist.', 'CONFIGURATION_INVALID'],
  [
    'InvalidParameterException',
    'USER_PASSWORD_AUTH flow not enabled for this client',
    'CONFIGURATION_INVALID',
  ],
  [
    'InvalidParameterException',
    "1 validation error detected: Value at 'password' failed to satisfy constraint",
    'BAD_CREDENTIALS',
  ],
  ['InvalidUserPoolConfigurationException', '', 'CONFIGURATION_INVALID'],
  ['UserLambdaValidationException', `PreAuthentication failed: ${CANARY}`, 'CONDITIONAL_ACCESS'],
  ['UnexpectedLambdaException', '', 'CONDITIONAL_ACCESS'],
  ['InvalidLambdaResponseException', '', 'CONDITIONAL_ACCESS'],
  ['AccessDeniedException', '', 'CONFIGURATION_INVALID'],
  ['UnrecognizedClientException', '', 'CONFIGURATION_INVALID'],
  ['InternalErrorException', '', 'UPSTREAM_FAILED'],
  ['SomethingNewException', CANARY, 'UPSTREAM_FAILED'],
];
for (const [error, message, code] of ofPasswords) {
  test(`cognito - a password: ${error} "${message.replace(CANARY, '…')}" is ${code}`, async () => {
    await using bench = await CognitoBench.start();
    bench.cognito.script({ error, message });
    await bench.assertRefused(bench.password(), code);
    assert.equal(bench.cognito.calls.length, 1, 'it is tried once');
  });
}

const ofCodes: readonly [type: string, message: string, code: string][] = [
  ['CodeMismatchException', 'Invalid code received for user', 'BAD_CODE'],
  ['ExpiredCodeException', 'Invalid code provided, please request a code again.', 'BAD_CODE'],
  ['ExpiredCodeException', 'Your software token has already been used once.', 'CODE_REPLAYED'],
  ['NotAuthorizedException', 'Invalid code or auth state for the user.', 'BAD_CODE'],
  ['NotAuthorizedException', 'Invalid session for the user, session is expired.', 'MFA_TIMED_OUT'],
  ['NotAuthorizedException', 'Invalid session for the user.', 'STATE_INVALID'],
  ['NotAuthorizedException', 'Password attempts exceeded', 'ACCOUNT_LOCKED'],
  ['SoftwareTokenMFANotFoundException', '', 'MFA_ENROLMENT_REQUIRED'],
  ['MFAMethodNotFoundException', '', 'MFA_ENROLMENT_REQUIRED'],
  ['TooManyFailedAttemptsException', '', 'THROTTLED'],
  ['InvalidParameterException', "Value at 'userCode' failed to satisfy constraint: [0-9]+", 'BAD_CODE'],
];
for (const [error, message, code] of ofCodes) {
  test(`cognito - a code: ${error} "${message}" is ${code}`, async () => {
    await using bench = await CognitoBench.start({ mfa: 'prompts' });
    bench.cognito.script(challenge('SOFTWARE_TOKEN_MFA'), { error, message });
    const { saved } = questionOf(await bench.password());
    await bench.assertRefused(bench.answers(saved, '123456'), code);
    assert.equal(bench.cognito.calls.length, 2, 'it is tried once');
  });
}
