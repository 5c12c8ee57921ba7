/** How many decisions of a typical session are made per second (tests and benchmarks only). */

import { compilePolicy } from '../compile.ts';
import { decide, type NamedPolicy } from '../decide.ts';
import type { PolicyOutcome, PolicyRequest } from '../model.ts';
import { contextOf } from './context.ts';
import { HOME_LOCK_DOWN } from './home-lock-down.ts';

/** A role with read and write rights, of five statements with a denial and conditions. */
const ROLE = {
  Version: '2012-10-17',
  Statement: [
    {
      Sid: 'Bucket',
      Effect: 'Allow',
      Action: ['s3:ListBucket', 's3:GetBucketLocation'],
      Resource: 'arn:aws:s3:::partner-data',
    },
    {
      Sid: 'Objects',
      Effect: 'Allow',
      Action: [
        's3:PutObject',
        's3:GetObject',
        's3:DeleteObject',
        's3:DeleteObjectVersion',
        's3:GetObjectVersion',
      ],
      Resource: 'arn:aws:s3:::partner-data/*',
    },
    { Sid: 'Tags', Effect: 'Allow', Action: 's3:Get*Tagging', Resource: 'arn:aws:s3:::partner-data/*' },
    {
      Sid: 'NoScripts',
      Effect: 'Deny',
      Action: 's3:PutObject',
      Resource: ['arn:aws:s3:::partner-data/*.exe', 'arn:aws:s3:::partner-data/*/.htaccess'],
    },
    {
      Sid: 'Office',
      Effect: 'Deny',
      Action: '*',
      Resource: '*',
      Condition: { NotIpAddress: { 'aws:SourceIp': ['203.0.113.0/24', '2001:db8::/32'] } },
    },
  ],
};

const VARIABLES = {
  'transfer:HomeBucket': 'partner-data',
  'transfer:HomeFolder': 'homes/alice',
  'transfer:HomeDirectory': 'partner-data/homes/alice',
  'transfer:UserName': 'alice',
};

const BUCKET = 'arn:aws:s3:::partner-data';
const REQUESTS: readonly { readonly request: PolicyRequest; readonly outcome: PolicyOutcome }[] = [
  { request: requestOf('s3:GetObject', `${BUCKET}/homes/alice/2026/report-4711.csv`), outcome: 'allowed' },
  { request: requestOf('s3:PutObject', `${BUCKET}/homes/alice/in/upload-0001.bin`), outcome: 'allowed' },
  { request: requestOf('s3:ListBucket', BUCKET, { 's3:prefix': 'homes/alice/2026/' }), outcome: 'allowed' },
  { request: requestOf('s3:PutObject', `${BUCKET}/homes/alice/in/setup.exe`), outcome: 'explicit-deny' },
  { request: requestOf('s3:GetObject', `${BUCKET}/homes/bob/report.csv`), outcome: 'implicit-deny' },
];

function requestOf(
  action: string,
  resource: string,
  keys: Readonly<Record<string, string>> = {},
): PolicyRequest {
  return {
    action,
    resource,
    context: contextOf({ 'aws:SourceIp': '203.0.113.9', 'aws:username': 'alice', ...keys }),
  };
}

export interface DecisionBenchResult {
  readonly decisions: number;
  readonly elapsedMs: number;
  /** One decision of role and session together. */
  readonly microsecondsPerDecision: number;
}

/** Decides as often as asked, with the policies of role and session, and checks every answer. */
export function benchDecisions(decisions: number): DecisionBenchResult {
  const policies: readonly NamedPolicy[] = [
    { name: 'role', policy: compilePolicy(ROLE) },
    { name: 'session', policy: compilePolicy(HOME_LOCK_DOWN, { variables: VARIABLES }) },
  ];
  const startedMs = performance.now();
  let wrong = 0;
  for (let count = 0; count < decisions; count++) {
    const expected = REQUESTS[count % REQUESTS.length];
    if (expected === undefined || decide(policies, expected.request).outcome !== expected.outcome) wrong++;
  }
  const elapsedMs = performance.now() - startedMs;
  if (wrong > 0) throw new Error(`${wrong} of ${decisions} decisions were wrong`);
  return { decisions, elapsedMs, microsecondsPerDecision: (elapsedMs * 1000) / decisions };
}

/** Microseconds to compile the session policy once, as every login does. */
export function benchCompilations(compilations: number): number {
  const text = JSON.stringify(HOME_LOCK_DOWN);
  const startedMs = performance.now();
  let statements = 0;
  for (let count = 0; count < compilations; count++) {
    statements += compilePolicy(text, { variables: VARIABLES }).allowances.length;
  }
  if (statements !== compilations * HOME_LOCK_DOWN.Statement.length)
    throw new Error('a policy was compiled wrongly');
  return ((performance.now() - startedMs) * 1000) / compilations;
}
