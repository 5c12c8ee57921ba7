/** Decisions of the policies that stand between every operation and the bucket. */

import { benchCompilations, benchDecisions } from '../../../src/policy/testing/decision-bench.ts';
import { type S3Row, whyStoreAbsent } from '../contestant.ts';

const STORE = 'versitygw';
const DECISIONS = 500_000;
const COMPILATIONS = 2_000;

/** Measured in the bench's own process: through a server, everything else would be the figure. */
export const POLICY_ROW: S3Row = {
  name: 'policy decision',
  metrics: [
    { name: 'µs', better: 'lower', decimals: 2 },
    { name: 'µs to compile at login', better: 'lower', decimals: 0 },
  ],
  store: STORE,
  only: ['Drawbridge'],
  whyAbsent: () => whyStoreAbsent(STORE),
  verify() {
    benchDecisions(DECISIONS);
    benchCompilations(COMPILATIONS);
    return Promise.resolve(undefined);
  },
  run() {
    const { microsecondsPerDecision } = benchDecisions(DECISIONS);
    return Promise.resolve([microsecondsPerDecision, benchCompilations(COMPILATIONS)]);
  },
};
