/** The public parts of the policy room: compile a policy, decide a request, explain the decision. */

export { type CompiledPolicy, type CompileOptions, compilePolicy } from './compile.ts';
export { decide, type NamedPolicy, verdicts } from './decide.ts';
export { PolicyError, type PolicyErrorCode } from './error.ts';
export { expandPolicyText } from './expand.ts';
export type {
  Decision,
  PolicyOutcome,
  PolicyRequest,
  PolicyVerdict,
  RequestContext,
  StatementName,
} from './model.ts';
export type { TransferVariables } from './transfer-variables.ts';
