/** The values of the policy room: what is asked, what was compiled, and what was decided. */

/** What is asked of the policies. Actions compare without case, resources with it. */
export interface PolicyRequest {
  /** `service:Name`, such as `s3:GetObject`. */
  readonly action: string;
  /** ARN of the thing that is acted on. */
  readonly resource: string;
  readonly context: RequestContext;
}

/** The condition keys of a request. */
export interface RequestContext {
  /** All values of a key, whose name is given in lower case; undefined when the request does not have it. */
  get(lowerCaseKey: string): readonly string[] | undefined;
}

/** Names one statement of one policy for a person. */
export interface StatementName {
  /** The name that `decide` was given for the policy, such as `role` or `session`. */
  readonly policy: string;
  /** From 0, as in the document. */
  readonly index: number;
  readonly sid?: string;
}

export type PolicyOutcome = 'allowed' | 'explicit-deny' | 'implicit-deny';

/** What one policy says by itself. */
export interface PolicyVerdict {
  readonly policy: string;
  readonly outcome: PolicyOutcome;
  /** The first statement that decided; absent for an implicit denial. */
  readonly statement?: StatementName;
}

/** What all policies say together: every one has to allow, and one denial is enough. */
export interface Decision {
  readonly outcome: PolicyOutcome;
  /** The verdict that decided: the explicit denial, else the first policy that does not allow, else the last. */
  readonly decidedBy?: PolicyVerdict;
}
