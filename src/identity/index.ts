/** The public parts of the identity room: the contract, its judgement, and the local function runner. */

export {
  type Challenged,
  MAX_CHALLENGE_PROMPTS,
  MAX_CHALLENGE_ROUNDS,
  MAX_STATE_BYTES,
  type ProviderChallenge,
} from './challenge-answer.ts';
export { DENIALS, type Decision, FAULTS } from './decision.ts';
export { type FunctionArn, parseFunctionArn } from './function-arn.ts';
export type { Grant } from './grant.ts';
export { MAX_HOME_DETAILS_BYTES } from './home-answer.ts';
export { MAX_PUBLIC_KEY_CHARACTERS, MAX_PUBLIC_KEYS } from './keys-answer.ts';
export { SourceRule } from './pipeline/networks.ts';
export { IdentityError, type IdentityErrorCode, type IdentityProvider } from './provider.ts';
export { REFUSALS, type RefusalCode, type Refused, refused } from './refusal.ts';
export {
  type IdentityEvent,
  type IdentityProtocol,
  IdentityRequest,
  type LoginAttempt,
  MAX_PASSWORD_CHARACTERS,
} from './request.ts';
export {
  type Granted,
  isRoleArn,
  MAX_POLICY_CHARACTERS,
  parseIdentityResponse,
  parseIdentityStep,
  type ResponseContext,
} from './response.ts';
export {
  type IdentityProviderTest,
  type TestedProvider,
  type TestedProviderType,
  type TestResult,
  testIdentityProvider,
} from './test-identity-provider.ts';
export { BuiltInProcess } from './transports/built-in-process.ts';
export {
  DEFAULT_MAX_INSTANCES,
  DEFAULT_MEMORY_MEGABYTES,
  DEFAULT_TIMEOUT_MS,
  type FunctionLine,
  type LocalFunctionSettings,
} from './transports/function-settings.ts';
export { HttpMethod } from './transports/http-method.ts';
export { MAX_WAITING } from './transports/instance-pool.ts';
export { LambdaFunction } from './transports/lambda-function.ts';
export { LocalFunction } from './transports/local-function.ts';
export { RuntimeApiFunction } from './transports/runtime-api-function.ts';
