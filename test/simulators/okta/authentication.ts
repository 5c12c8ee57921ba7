/** The Authentication API: primary authentication, factors, and the steps between. */

import { randomBytes } from 'node:crypto';
import { type Exchange, isMembers, type Members, membersIn, ok, type Reply, textOf } from '../exchange.ts';
import type { ClientChecks } from './client-checks.ts';
import { OktaFailure } from './errors.ts';
import { isSent, judgeCode, sendCode } from './factors.ts';
import type { RateLimits } from './rate-limits.ts';
import { type FactorsShape, link, Transaction } from './transaction.ts';
import type { Account, Accounts, SimulatedFactor } from './users.ts';

/** Transactions that are kept; the oldest go first. */
const MAX_TRANSACTIONS = 1000;
const ADDRESS_WITHOUT_TRUST = '127.0.0.1';

export interface AuthenticationParts {
  readonly accounts: Accounts;
  readonly checks: ClientChecks;
  readonly limits: RateLimits;
  readonly now: () => number;
  readonly origin: () => string;
  readonly apiToken: string;
  readonly shape: FactorsShape;
}

export class Authentication {
  readonly #parts: AuthenticationParts;
  readonly #transactions = new Map<string, Transaction>();
  /** Session tokens that were not redeemed yet, for `/oauth2/v1/authorize`. */
  readonly #sessionTokens = new Map<string, Account>();

  constructor(parts: AuthenticationParts) {
    this.#parts = parts;
  }

  /** `POST /api/v1/authn`. */
  primary(exchange: Exchange): Reply {
    const members = jsonMembers(exchange);
    const userName = textOf(members, 'username');
    if (userName === undefined) return this.#show(this.#transactionOf(members));
    if (members.audience !== undefined) throw new OktaFailure('E0000001');
    const isTrusted = this.#isTrusted(exchange);
    this.#parts.checks.context(members.context, isTrusted);
    this.#parts.limits.user(userName.toLowerCase());
    const password = textOf(members, 'password') ?? '';
    if ([...password].some((character) => (character.codePointAt(0) ?? 0) > 0xffff))
      throw new OktaFailure('E0000001');
    const account = this.accountWith(userName, password);
    if (account === 'locked')
      return ok({
        status: 'LOCKED_OUT',
        _links: { next: { name: 'unlock', ...link(`${this.#parts.origin()}/api/v1/authn/recovery/unlock`) } },
      });
    const forwarded = exchange.headers['x-forwarded-for'];
    const address = isTrusted && typeof forwarded === 'string' ? forwarded : ADDRESS_WITHOUT_TRUST;
    return this.#begin(account, members, address);
  }

  /** `POST /api/v1/authn/factors/{id}/verify`. */
  verify(factorId: string, exchange: Exchange): Reply {
    const members = jsonMembers(exchange);
    const transaction = this.#transactionOf(members);
    const factor = this.#factorOf(transaction, factorId);
    transaction.tried.add(factorId);
    // Each factor of a chain is wanted.
    this.#parts.checks.triedFactors(transaction.tried.size - transaction.passed.size);
    if (factor.type === 'push') return this.#push(transaction, factor);
    if (factor.type === 'webauthn') return this.#challenge(transaction, factor, 'CHALLENGE');
    const code = textOf(members, 'passCode') ?? textOf(members, 'answer');
    if (code !== undefined) {
      judgeCode(factor, code, transaction.account, this.#parts.now());
      return this.#passed(transaction, factor);
    }
    if (!isSent(factor)) throw new OktaFailure('E0000068');
    sendCode(factor, transaction.account, this.#parts.now());
    return this.#challenge(transaction, factor, undefined);
  }

  /** `POST /api/v1/authn/factors/{id}/verify/resend`. */
  resend(factorId: string, exchange: Exchange): Reply {
    const transaction = this.#transactionOf(jsonMembers(exchange));
    const { factor } = transaction;
    if (transaction.status !== 'MFA_CHALLENGE' || factor?.id !== factorId) throw new OktaFailure('E0000079');
    if (isSent(factor)) sendCode(factor, transaction.account, this.#parts.now());
    if (factor.type === 'push') return this.#sendPush(transaction, factor);
    return this.#show(transaction);
  }

  cancel(exchange: Exchange): Reply {
    this.#transactions.delete(this.#transactionOf(jsonMembers(exchange)).stateToken);
    return ok({});
  }

  previous(exchange: Exchange): Reply {
    const transaction = this.#transactionOf(jsonMembers(exchange));
    if (transaction.status !== 'MFA_CHALLENGE') throw new OktaFailure('E0000079');
    transaction.status = 'MFA_REQUIRED';
    transaction.factor = undefined;
    transaction.factorResult = undefined;
    return this.#show(transaction);
  }

  skip(exchange: Exchange): Reply {
    const transaction = this.#transactionOf(jsonMembers(exchange));
    if (transaction.status !== 'PASSWORD_WARN') throw new OktaFailure('E0000079');
    return this.#succeed(transaction);
  }

  /** `POST /api/v1/authn/recovery/unlock`: a stub, for a client that goes where it should not. */
  unlock(): Reply {
    return ok({
      status: 'RECOVERY_CHALLENGE',
      factorResult: 'WAITING',
      factorType: 'EMAIL',
      recoveryType: 'UNLOCK',
    });
  }

  /** Judges a password, here and at the token endpoint. @throws OktaFailure E0000004 */
  accountWith(userName: string, password: string): Account | 'locked' {
    const account = this.#parts.accounts.byName(userName);
    if (account === undefined) throw new OktaFailure('E0000004');
    if (account.isLocked) {
      if (account.user.policy?.showsLockOut === true) return 'locked';
      throw new OktaFailure('E0000004');
    }
    if (password === '' || password !== account.user.password) {
      account.fail();
      throw new OktaFailure('E0000004');
    }
    const { status } = account;
    if (status !== 'ACTIVE' && status !== 'PASSWORD_EXPIRED') throw new OktaFailure('E0000004');
    return account;
  }

  /** Whose session token it is; it is used up. */
  redeem(sessionToken: string): Account | undefined {
    const account = this.#sessionTokens.get(sessionToken);
    this.#sessionTokens.delete(sessionToken);
    return account;
  }

  #begin(account: Account, members: Members, address: string): Reply {
    const { policy, factors = [] } = account.user;
    const options = isMembers(members.options) ? members.options : {};
    const transaction = this.#open(account);
    if (policy?.status !== undefined) {
      transaction.status = policy.status;
      return this.#show(transaction);
    }
    if (account.needsSecondFactor(address)) {
      transaction.status = factors.length === 0 ? 'MFA_ENROLL' : 'MFA_REQUIRED';
      return this.#show(transaction);
    }
    return this.#afterFactors(transaction, options.warnBeforePasswordExpired === true);
  }

  #open(account: Account): Transaction {
    const transaction = new Transaction(
      `00st${randomBytes(16).toString('hex')}`,
      account,
      '',
      this.#parts.now,
    );
    this.#transactions.set(transaction.stateToken, transaction);
    const [oldest] = this.#transactions.keys();
    if (this.#transactions.size > MAX_TRANSACTIONS && oldest !== undefined) this.#transactions.delete(oldest);
    return transaction;
  }

  #transactionOf(members: Members): Transaction {
    const transaction = this.#transactions.get(textOf(members, 'stateToken') ?? '');
    if (transaction === undefined || transaction.isExpired) throw new OktaFailure('E0000011');
    transaction.slide();
    return transaction;
  }

  /** Another factor than the one that was begun is out of order. */
  #factorOf(transaction: Transaction, factorId: string): SimulatedFactor {
    const { status, factor, account } = transaction;
    const isBegun = status === 'MFA_CHALLENGE' && factor?.id === factorId;
    if (status !== 'MFA_REQUIRED' && !isBegun) throw new OktaFailure('E0000079');
    const found = account.user.factors?.find(({ id }) => id === factorId);
    if (found === undefined) throw new OktaFailure('E0000007');
    if (account.isLocked) throw new OktaFailure('E0000069');
    return found;
  }

  #push(transaction: Transaction, factor: Extract<SimulatedFactor, { readonly type: 'push' }>): Reply {
    if (transaction.factorResult !== 'WAITING') return this.#sendPush(transaction, factor);
    transaction.polls += 1;
    const result = transaction.followPush(factor.script);
    if (result === 'approved') return this.#passed(transaction, factor);
    transaction.factorResult = result;
    return this.#show(transaction);
  }

  #sendPush(transaction: Transaction, factor: SimulatedFactor): Reply {
    transaction.polls = 0;
    return this.#challenge(transaction, factor, 'WAITING');
  }

  #challenge(transaction: Transaction, factor: SimulatedFactor, result: Transaction['factorResult']): Reply {
    transaction.status = 'MFA_CHALLENGE';
    transaction.factor = factor;
    transaction.factorResult = result;
    return this.#show(transaction);
  }

  #passed(transaction: Transaction, factor: SimulatedFactor): Reply {
    transaction.passed.add(factor.id);
    transaction.factor = undefined;
    transaction.factorResult = undefined;
    if (transaction.account.user.policy?.wantsTwoFactors === true && transaction.passed.size < 2) {
      transaction.status = 'MFA_REQUIRED';
      return this.#show(transaction);
    }
    return this.#afterFactors(transaction, false);
  }

  #afterFactors(transaction: Transaction, asksToBeWarned: boolean): Reply {
    const { policy } = transaction.account.user;
    if (policy?.isPasswordExpired === true || transaction.account.status === 'PASSWORD_EXPIRED')
      transaction.status = 'PASSWORD_EXPIRED';
    else if (policy?.warns === 'always' || (policy?.warns === 'if asked' && asksToBeWarned))
      transaction.status = 'PASSWORD_WARN';
    else return this.#succeed(transaction);
    return this.#show(transaction);
  }

  #succeed(transaction: Transaction): Reply {
    const { account } = transaction;
    account.succeed();
    this.#transactions.delete(transaction.stateToken);
    const sessionToken = `00ss${randomBytes(16).toString('hex')}`;
    this.#sessionTokens.set(sessionToken, account);
    transaction.status = 'SUCCESS';
    const { stateToken: _, _links, ...shown } = transaction.show(this.#parts.origin(), this.#parts.shape);
    return ok({ ...shown, sessionToken });
  }

  #show(transaction: Transaction): Reply {
    return ok(transaction.show(this.#parts.origin(), this.#parts.shape));
  }

  #isTrusted({ headers }: Exchange): boolean {
    const { authorization } = headers;
    if (authorization === undefined) return false;
    if (authorization !== `SSWS ${this.#parts.apiToken}`) throw new OktaFailure('E0000011');
    return true;
  }
}

/** @throws OktaFailure E0000003 */
function jsonMembers(exchange: Exchange): Members {
  const members = membersIn(exchange);
  if (members === undefined) throw new OktaFailure('E0000003');
  return members;
}
