/** Judges a request by compiled policies, and says which statement decided. */

import type { CompiledPolicy } from './compile.ts';
import type { Decision, PolicyRequest, PolicyVerdict, StatementName } from './model.ts';
import type { CompiledStatement } from './statement.ts';

export interface NamedPolicy {
  readonly name: string;
  readonly policy: CompiledPolicy;
}

/** Every policy has to allow, and one explicit denial is enough. No policies allow nothing. */
export function decide(policies: readonly NamedPolicy[], request: PolicyRequest): Decision {
  const lowerCaseAction = request.action.toLowerCase();
  let refusal: PolicyVerdict | undefined;
  let last: PolicyVerdict | undefined;
  for (const named of policies) {
    last = verdictOf(named, lowerCaseAction, request);
    if (last.outcome === 'explicit-deny') return { outcome: 'explicit-deny', decidedBy: last };
    if (last.outcome === 'implicit-deny') refusal ??= last;
  }
  const decidedBy = refusal ?? last;
  return decidedBy === undefined ? { outcome: 'implicit-deny' } : { outcome: decidedBy.outcome, decidedBy };
}

/** What each policy says by itself, in the order of the policies. */
export function verdicts(policies: readonly NamedPolicy[], request: PolicyRequest): PolicyVerdict[] {
  const lowerCaseAction = request.action.toLowerCase();
  return policies.map((named) => verdictOf(named, lowerCaseAction, request));
}

function verdictOf(named: NamedPolicy, lowerCaseAction: string, request: PolicyRequest): PolicyVerdict {
  const { name, policy } = named;
  const denial = firstThatApplies(policy.denials, lowerCaseAction, request);
  if (denial !== undefined)
    return { policy: name, outcome: 'explicit-deny', statement: statementName(name, denial) };
  const allowance = firstThatApplies(policy.allowances, lowerCaseAction, request);
  if (allowance !== undefined)
    return { policy: name, outcome: 'allowed', statement: statementName(name, allowance) };
  return { policy: name, outcome: 'implicit-deny' };
}

function firstThatApplies(
  statements: readonly CompiledStatement[],
  lowerCaseAction: string,
  { resource, context }: PolicyRequest,
): CompiledStatement | undefined {
  for (const statement of statements) {
    if (statement.appliesTo(lowerCaseAction, resource, context)) return statement;
  }
  return undefined;
}

function statementName(policy: string, { index, sid }: CompiledStatement): StatementName {
  return sid === undefined ? { policy, index } : { policy, index, sid };
}
