/** Small policies for tests (tests only). */

import { type CompileOptions, compilePolicy } from '../compile.ts';
import { decide } from '../decide.ts';
import { PolicyError, type PolicyErrorCode } from '../error.ts';
import type { PolicyOutcome } from '../model.ts';
import { contextOf, type WrittenContext } from './context.ts';

type Statement = Readonly<Record<string, unknown>>;

export const CURRENT = '2012-10-17';

export function allow(more: Statement = {}): Statement {
  return { Effect: 'Allow', Action: 's3:GetObject', Resource: '*', ...more };
}

export function deny(more: Statement = {}): Statement {
  return { ...allow(more), Effect: 'Deny' };
}

export function policyOf(...statements: Statement[]): unknown {
  return { Version: CURRENT, Statement: statements };
}

export interface Asked {
  readonly action?: string;
  readonly resource?: string;
  readonly context?: WrittenContext;
  readonly options?: CompileOptions;
}

/** What one policy says; without more, of reading `arn:aws:s3:::bucket/file`. */
export function outcomeOf(document: unknown, asked: Asked = {}): PolicyOutcome {
  const { action = 's3:GetObject', resource = 'arn:aws:s3:::bucket/file', context, options } = asked;
  const policy = compilePolicy(document, options);
  return decide([{ name: 'policy', policy }], { action, resource, context: contextOf(context) }).outcome;
}

export function isAllowed(document: unknown, asked: Asked = {}): boolean {
  return outcomeOf(document, asked) === 'allowed';
}

/** For `assert.throws`: the code, and everything the message has to name. */
export function refusal(code: PolicyErrorCode, ...named: readonly string[]) {
  return (error: unknown): boolean =>
    error instanceof PolicyError &&
    error.code === code &&
    named.every((text) => error.message.includes(text));
}
