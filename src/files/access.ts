/** What a session may do: asks the policies of its role and of the session, and says which statement refused. */

import {
  type CompiledPolicy,
  type Decision,
  decide,
  type NamedPolicy,
  type PolicyOutcome,
  type PolicyVerdict,
  type RequestContext,
  type StatementName,
  verdicts,
} from '../policy/index.ts';
import { FileError } from './error.ts';
import { roleSessionName } from './role-session-name.ts';

const MS = 1000;

/** One question for the policies. */
export interface AccessRequest {
  readonly action: string;
  /** ARN. */
  readonly resource: string;
  /** Condition keys of this request alone, in lower case, such as `s3:prefix`. */
  readonly keys?: ReadonlyMap<string, string>;
}

/** Allowed when any one of the requests is: S3 shows the same thing in more than one way. */
export type Need = readonly [AccessRequest, ...AccessRequest[]];

/** What the configuration says of a role. */
export interface RoleFacts {
  /** Absent: the role may do everything. */
  readonly policy?: CompiledPolicy;
}

/** Who asks, and where from. */
export interface Principal {
  /** ARN of the role. */
  readonly role: string;
  readonly userName: string;
  /** 16 hex digits. */
  readonly sessionId: string;
  readonly serverId: string;
  /** Address of the client. */
  readonly sourceIp: string;
}

export interface SessionAccessOptions {
  readonly principal: Principal;
  readonly rolePolicy?: CompiledPolicy;
  readonly sessionPolicy?: CompiledPolicy;
  /** Milliseconds since the epoch; replaced in tests. */
  readonly nowMs?: () => number;
}

/** Why a request was denied: the cause of the `FileError`, for the log and never for the client. */
export class AccessDenied extends Error {
  override readonly name = 'AccessDenied';
  readonly action: string;
  readonly resource: string;
  readonly outcome: Exclude<PolicyOutcome, 'allowed'>;
  /** Name of the policy that decided. */
  readonly policy: string;
  /** Absent when no statement of the policy allows. */
  readonly statement?: StatementName;

  constructor({ action, resource }: AccessRequest, verdict: PolicyVerdict) {
    const { policy, statement, outcome } = verdict;
    super(`${action} on ${resource} is ${reasonOf(verdict)}`);
    this.action = action;
    this.resource = resource;
    this.outcome = outcome === 'explicit-deny' ? outcome : 'implicit-deny';
    this.policy = policy;
    if (statement !== undefined) this.statement = statement;
  }
}

/** `Statement[1] "NoDelete"`: the place in the document, and the Sid where there is one. */
export function statementText({ index, sid }: StatementName): string {
  return sid === undefined ? `Statement[${index}]` : `Statement[${index}] ${JSON.stringify(sid)}`;
}

/** `allowed by Statement[0] of the role policy`, for people. */
export function reasonOf({ policy, statement, outcome }: PolicyVerdict): string {
  const verb = outcome === 'allowed' ? 'allowed' : 'denied';
  return statement === undefined
    ? `${verb}: no statement of the ${policy} policy allows it`
    : `${verb} by ${statementText(statement)} of the ${policy} policy`;
}

export class SessionAccess {
  readonly #policies: readonly NamedPolicy[];
  readonly #sessionKeys: ReadonlyMap<string, readonly string[]>;
  readonly #nowMs: () => number;

  /** Undefined where there is no policy: everything is allowed, and nothing has to be asked. */
  static from(options: SessionAccessOptions): SessionAccess | undefined {
    const { rolePolicy, sessionPolicy } = options;
    const policies = [
      ...(rolePolicy === undefined ? [] : [{ name: 'role', policy: rolePolicy }]),
      ...(sessionPolicy === undefined ? [] : [{ name: 'session', policy: sessionPolicy }]),
    ];
    return policies.length === 0 ? undefined : new SessionAccess(policies, options);
  }

  private constructor(policies: readonly NamedPolicy[], options: SessionAccessOptions) {
    this.#policies = policies;
    this.#nowMs = options.nowMs ?? Date.now;
    this.#sessionKeys = sessionKeys(options.principal, this.#nowMs());
  }

  /** Every need has to be met. @throws FileError PERMISSION_DENIED, its cause an `AccessDenied` */
  check(needs: readonly Need[]): void {
    const denied = this.denied(needs);
    if (denied !== undefined) throw new FileError('PERMISSION_DENIED', undefined, { cause: denied });
  }

  allows(needs: readonly Need[]): boolean {
    return this.denied(needs) === undefined;
  }

  decide(request: AccessRequest): Decision {
    return decide(this.#policies, this.#policyRequest(request));
  }

  /** What each policy says by itself. */
  verdicts(request: AccessRequest): readonly PolicyVerdict[] {
    return verdicts(this.#policies, this.#policyRequest(request));
  }

  /** The first need that is not met; undefined when all are. */
  denied(needs: readonly Need[]): AccessDenied | undefined {
    for (const need of needs) {
      const denied = this.#deniedOne(need);
      if (denied !== undefined) return denied;
    }
    return undefined;
  }

  /** Of several ways that are all denied, the first one is named: it is the one that people expect. */
  #deniedOne(need: Need): AccessDenied | undefined {
    let first: AccessDenied | undefined;
    for (const request of need) {
      const { outcome, decidedBy } = this.decide(request);
      if (outcome === 'allowed') return undefined;
      first ??= new AccessDenied(request, decidedBy ?? { policy: 'role', outcome });
    }
    return first;
  }

  #policyRequest({ action, resource, keys }: AccessRequest) {
    return { action, resource, context: new AccessContext(this.#sessionKeys, keys, this.#nowMs) };
  }
}

/** The condition keys of one request. The time stands still in it. */
class AccessContext implements RequestContext {
  readonly #sessionKeys: ReadonlyMap<string, readonly string[]>;
  readonly #requestKeys: ReadonlyMap<string, string> | undefined;
  readonly #clock: () => number;
  #nowMs: number | undefined;

  constructor(
    sessionKeys: ReadonlyMap<string, readonly string[]>,
    requestKeys: ReadonlyMap<string, string> | undefined,
    clock: () => number,
  ) {
    this.#sessionKeys = sessionKeys;
    this.#requestKeys = requestKeys;
    this.#clock = clock;
  }

  get(lowerCaseKey: string): readonly string[] | undefined {
    const values = this.#sessionKeys.get(lowerCaseKey);
    if (values !== undefined) return values;
    const value = this.#requestKeys?.get(lowerCaseKey);
    if (value !== undefined) return [value];
    if (lowerCaseKey === 'aws:currenttime') return [new Date(this.#now()).toISOString()];
    if (lowerCaseKey === 'aws:epochtime') return [String(Math.floor(this.#now() / MS))];
    return undefined;
  }

  #now(): number {
    this.#nowMs ??= this.#clock();
    return this.#nowMs;
  }
}

/**
 * What stays the same for the whole session. As for every assumed role there is no `aws:username`. `aws:userid` is the
 * role and the session; AWS puts an id of its own (`AROA…`) where there is the name of the role here. Keys that AWS always
 * has are not left out: a denial that asks for them would not apply.
 */
function sessionKeys(principal: Principal, issuedMs: number): ReadonlyMap<string, readonly string[]> {
  const { role, userName, sessionId, serverId, sourceIp } = principal;
  const sessionName = roleSessionName(userName, sessionId, serverId);
  const { accountId } = roleParts(role);
  const keys: Readonly<Record<string, string>> = {
    'aws:sourceip': sourceIp,
    'aws:securetransport': 'true',
    'aws:viaawsservice': 'false',
    'aws:multifactorauthpresent': 'false',
    'aws:tokenissuetime': new Date(issuedMs).toISOString(),
    'aws:principaltype': 'AssumedRole',
    'aws:principalisawsservice': 'false',
    'aws:principalarn': role,
    'aws:principalaccount': accountId,
    'aws:userid': `${role.slice(role.lastIndexOf('/') + 1)}:${sessionName}`,
  };
  return new Map(Object.entries(keys).map(([key, value]) => [key, [value]]));
}

/** The parts of `arn:partition:iam::account:role/name` that other ARNs share. */
export function roleParts(role: string): { readonly partition: string; readonly accountId: string } {
  const [, partition = '', , , accountId = ''] = role.split(':');
  return { partition: partition || 'aws', accountId };
}
