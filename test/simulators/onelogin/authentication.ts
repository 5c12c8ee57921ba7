/** Tokens, logins and factors of the simulated account. */

import { randomBytes } from 'node:crypto';
import { type Exchange, type Members, membersIn, type Reply, textOf } from '../exchange.ts';
import type { Account, Accounts, SimulatedDevice } from './users.ts';

const TOKEN_LIFE_SECONDS = 36_000;
/** A login that waits for its factor is forgotten after two minutes. */
const STATE_LIFE_MS = 120_000;

/** Thrown by an endpoint that answers an error. */
export class Failure extends Error {
  readonly reply: Reply;

  constructor(status: number, message: string) {
    super('a simulated failure');
    this.reply = { status, json: { status: { error: true, code: status, type: typeOf(status), message } } };
  }
}

interface Transaction {
  readonly account: Account;
  readonly expiresAtMs: number;
  polls: number;
  sentTo: number | undefined;
}

export interface AuthenticationSettings {
  readonly accounts: Accounts;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly subdomain: string;
  readonly now: () => number;
  readonly origin: () => string;
}

export class Authentication {
  readonly #settings: AuthenticationSettings;
  readonly #bearers = new Set<string>();
  readonly #transactions = new Map<string, Transaction>();
  #tokenCount = 0;
  #pushCount = 0;

  constructor(settings: AuthenticationSettings) {
    this.#settings = settings;
  }

  /** How often the client asked for a bearer. */
  get tokenCount(): number {
    return this.#tokenCount;
  }

  /** How often a phone was asked. */
  get pushCount(): number {
    return this.#pushCount;
  }

  revokeBearers(): void {
    this.#bearers.clear();
  }

  token(exchange: Exchange): Reply {
    const { clientId, clientSecret } = this.#settings;
    const expected = `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`;
    if (exchange.headers.authorization !== expected)
      return {
        status: 401,
        json: { statusCode: 401, name: 'Unauthorized', message: 'Authentication Failure' },
      };
    if (textOf(membersOf(exchange), 'grant_type') !== 'client_credentials')
      throw new Failure(400, 'grant_type is incorrect/absent');
    this.#tokenCount += 1;
    const bearer = randomBytes(32).toString('hex');
    this.#bearers.add(bearer);
    const json = {
      access_token: bearer,
      token_type: 'bearer',
      expires_in: TOKEN_LIFE_SECONDS,
      account_id: 1,
    };
    return { status: 200, json };
  }

  requireBearer({ headers }: Exchange): void {
    const bearer = /^bearer:? ?(.+)$/i.exec(headers.authorization ?? '')?.[1];
    if (bearer === undefined || !this.#bearers.has(bearer)) throw new Failure(401, 'Authentication Failure');
  }

  logIn(exchange: Exchange): Reply {
    this.requireBearer(exchange);
    const members = membersOf(exchange);
    if (textOf(members, 'subdomain') !== this.#settings.subdomain)
      throw new Failure(400, 'bad request - subdomain');
    const account = this.#settings.accounts.byNameOrEmail(textOf(members, 'username_or_email') ?? '');
    if (account === undefined) throw new Failure(401, 'Authentication Failed: Invalid user credentials');
    requireUsable(account);
    if (textOf(members, 'password') !== account.user.password) {
      account.failureCount += 1;
      throw new Failure(401, 'Authentication Failed: Invalid user credentials');
    }
    account.failureCount = 0;
    return account.needsFactor ? this.#challenge(account) : success(account);
  }

  verifyFactor(exchange: Exchange): Reply {
    this.requireBearer(exchange);
    const members = membersOf(exchange);
    const transaction = this.#transactions.get(textOf(members, 'state_token') ?? '');
    if (transaction === undefined || this.#settings.now() >= transaction.expiresAtMs)
      throw new Failure(401, 'State token is invalid or expired');
    const { account } = transaction;
    const device = account.user.devices?.find(({ id }) => String(id) === String(members.device_id));
    if (device === undefined) throw new Failure(400, 'bad request - device_id');
    const code = textOf(members, 'otp_token');
    if (code !== undefined) return this.#byCode(transaction, device, code);
    if (device.type === 'OneLogin Protect')
      return this.#byPush(transaction, device.push, members.do_not_notify === true);
    transaction.sentTo = device.id;
    return pending('Code is sent');
  }

  #byCode(transaction: Transaction, device: SimulatedDevice, code: string): Reply {
    const isSent = device.type === 'OneLogin SMS' || device.type === 'OneLogin Email';
    const isRight = 'code' in device && device.code === code && (!isSent || transaction.sentTo === device.id);
    if (!isRight) throw new Failure(401, 'Failed authentication with this factor');
    return success(transaction.account);
  }

  #byPush(
    transaction: Transaction,
    script: Extract<SimulatedDevice, { type: 'OneLogin Protect' }>['push'],
    isPoll: boolean,
  ): Reply {
    if (!isPoll) this.#pushCount += 1;
    else transaction.polls += 1;
    const isOver = isPoll && script.ends !== 'never' && transaction.polls >= script.afterPolls;
    if (!isOver) return pending('Authentication pending on OL Protect');
    if (script.ends === 'reject') throw new Failure(401, 'Failed authentication with this factor');
    return success(transaction.account);
  }

  #challenge(account: Account): Reply {
    const stateToken = randomBytes(20).toString('hex');
    const expiresAtMs = this.#settings.now() + STATE_LIFE_MS;
    this.#transactions.set(stateToken, { account, expiresAtMs, polls: 0, sentTo: undefined });
    const data = {
      user: userOf(account),
      state_token: stateToken,
      callback_url: `${this.#settings.origin()}/api/1/login/verify_factor`,
      devices: (account.user.devices ?? []).map(({ id, type }) => ({ device_id: id, device_type: type })),
    };
    return { status: 200, json: { status: statusOf('MFA is required for this user'), data: [data] } };
  }
}

function requireUsable({ status }: Account): void {
  if (status === 3) throw new Failure(401, 'Authentication Failed: User is locked');
  if (status === 2 || status === 0) throw new Failure(401, 'Authentication Failed: User is suspended');
  if (status === 4 || status === 5) throw new Failure(401, 'Authentication Failed: Password expired');
}

function success(account: Account): Reply {
  const data = {
    status: 'Authenticated',
    user: userOf(account),
    return_to_url: null,
    expires_at: '2030/01/01 00:02:00 +0000',
    session_token: randomBytes(32).toString('hex'),
  };
  return { status: 200, json: { status: statusOf('Success'), data: [data] } };
}

function pending(message: string): Reply {
  return { status: 200, json: { status: { ...statusOf(message), type: 'pending' } } };
}

function statusOf(message: string) {
  return { error: false, code: 200, type: 'success', message };
}

function userOf({ user }: Account) {
  return {
    id: user.id,
    username: user.username,
    email: user.email,
    firstname: user.username,
    lastname: 'Simulated',
  };
}

function typeOf(status: number): string {
  return status === 401 ? 'Unauthorized' : 'bad request';
}

function membersOf(exchange: Exchange): Members {
  const members = membersIn(exchange);
  if (members === undefined) throw new Failure(400, 'bad request');
  return members;
}
