import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { compilePolicy } from './compile.ts';
import { decide, verdicts } from './decide.ts';
import { expandPolicyText } from './expand.ts';
import type { PolicyOutcome, PolicyVerdict } from './model.ts';
import { contextOf, type WrittenContext } from './testing/context.ts';
import type { TransferVariables } from './transfer-variables.ts';

interface GoldenFile {
  readonly source: string;
  readonly policies: readonly {
    readonly name: string;
    readonly document: unknown;
    readonly variables?: TransferVariables;
  }[];
  readonly requests: readonly {
    readonly action: string;
    readonly resource: string;
    readonly context?: WrittenContext;
    readonly outcome: PolicyOutcome;
    /** `policy`, or `policy:Sid`, or `policy:[index]` of a statement without Sid. */
    readonly decidedBy: string;
  }[];
}

const FOLDER = new URL('./golden/', import.meta.url);

function written(verdict: PolicyVerdict | undefined): string {
  if (verdict?.statement === undefined) return verdict?.policy ?? '';
  const { policy, sid, index } = verdict.statement;
  return `${policy}:${sid ?? `[${index}]`}`;
}

for (const name of readdirSync(FOLDER)) {
  const golden: GoldenFile = JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8'));

  test(`golden ${name} - decides as written: ${golden.source}`, () => {
    const policies = golden.policies.map(({ name: policyName, document, variables }) => ({
      name: policyName,
      policy: compilePolicy(JSON.stringify(document), variables === undefined ? {} : { variables }),
    }));
    for (const { context, outcome, decidedBy, ...request } of golden.requests) {
      const asked = { ...request, context: contextOf(context) };
      const decision = decide(policies, asked);
      const label = JSON.stringify({ ...request, context });
      assert.deepEqual([decision.outcome, written(decision.decidedBy)], [outcome, decidedBy], label);
      assert.deepEqual(
        verdicts(policies, asked).find(({ policy }) => policy === decision.decidedBy?.policy),
        decision.decidedBy,
        label,
      );
    }
  });

  test(`golden ${name} - the text for AWS decides the same`, () => {
    const policies = golden.policies.map(({ name: policyName, document, variables }) => ({
      name: policyName,
      policy: compilePolicy(expandPolicyText(JSON.stringify(document), variables ?? {})),
    }));
    for (const { context, outcome, ...request } of golden.requests) {
      assert.equal(decide(policies, { ...request, context: contextOf(context) }).outcome, outcome);
    }
  });
}
