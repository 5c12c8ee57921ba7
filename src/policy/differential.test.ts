import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runSimulation } from '@cloud-copilot/iam-simulate';
import fc from 'fast-check';
import { compilePolicy } from './compile.ts';
import { decide, verdicts } from './decide.ts';
import type { PolicyOutcome } from './model.ts';
import { contextOf } from './testing/context.ts';
import {
  type GeneratedPolicy,
  type GeneratedRequest,
  generatedPolicy,
  generatedRequest,
} from './testing/generated-policies.ts';

const ACCOUNT = '111122223333';
const PRINCIPAL = `arn:aws:sts::${ACCOUNT}:assumed-role/transfer/alice`;
const POLICY_PAIRS = 600;
const REQUESTS_PER_PAIR = 4;
const OUTCOMES: Readonly<Record<string, PolicyOutcome>> = {
  Allowed: 'allowed',
  ExplicitlyDenied: 'explicit-deny',
  ImplicitlyDenied: 'implicit-deny',
};

interface Judged {
  readonly outcome: PolicyOutcome | undefined;
  readonly role: PolicyOutcome | undefined;
  readonly session: PolicyOutcome | undefined;
  /** Keys that do not belong to the action, which the other evaluator does not look at. */
  readonly ignoredKeys: readonly string[];
}

async function otherJudgement(
  role: GeneratedPolicy,
  session: GeneratedPolicy,
  { action, resource, context }: GeneratedRequest,
): Promise<Judged> {
  const contextVariables = Object.fromEntries(
    Object.entries(context).map(([key, value]) => [key, typeof value === 'string' ? value : [...value]]),
  );
  const answer = await runSimulation(
    {
      identityPolicies: [{ name: 'role', policy: role }],
      sessionPolicy: session,
      serviceControlPolicies: [],
      resourceControlPolicies: [],
      request: {
        action,
        principal: PRINCIPAL,
        resource: { accountId: ACCOUNT, resource },
        contextVariables,
      },
    },
    {},
  );
  if (answer.resultType !== 'single') throw new Error(`not comparable: ${JSON.stringify(answer)}`);
  const { analysis, ignoredContextKeys = [] } = answer.result;
  return {
    outcome: OUTCOMES[analysis.result],
    role: OUTCOMES[analysis.identityAnalysis?.result ?? ''],
    session: OUTCOMES[analysis.sessionAnalysis?.result ?? ''],
    ignoredKeys: ignoredContextKeys,
  };
}

function ourJudgement(
  role: GeneratedPolicy,
  session: GeneratedPolicy,
  { action, resource, context }: GeneratedRequest,
  ignoredKeys: readonly string[],
): Judged {
  const policies = [
    { name: 'role', policy: compilePolicy(role) },
    { name: 'session', policy: compilePolicy(JSON.stringify(session)) },
  ];
  const known = Object.fromEntries(Object.entries(context).filter(([key]) => !ignoredKeys.includes(key)));
  const request = { action, resource, context: contextOf(known) };
  const [ofRole, ofSession] = verdicts(policies, request);
  return {
    outcome: decide(policies, request).outcome,
    role: ofRole?.outcome,
    session: ofSession?.outcome,
    ignoredKeys,
  };
}

test('differential - an independent evaluator decides generated policies the same way', async () => {
  const seen = new Map<PolicyOutcome | undefined, number>();
  await fc.assert(
    fc.asyncProperty(
      generatedPolicy,
      generatedPolicy,
      fc.array(generatedRequest, { minLength: REQUESTS_PER_PAIR, maxLength: REQUESTS_PER_PAIR }),
      async (role, session, requests) => {
        for (const request of requests) {
          const theirs = await otherJudgement(role, session, request);
          assert.deepEqual(
            ourJudgement(role, session, request, theirs.ignoredKeys),
            theirs,
            JSON.stringify(request),
          );
          seen.set(theirs.role, (seen.get(theirs.role) ?? 0) + 1);
        }
      },
    ),
    { numRuns: POLICY_PAIRS },
  );
  // A generator that only ever makes denials would prove nothing.
  for (const outcome of Object.values(OUTCOMES)) {
    assert.ok((seen.get(outcome) ?? 0) > 100, `${outcome}: ${seen.get(outcome)}`);
  }
});
