/** The simulated Okta org as a development tool: some users to log in with, on a port of one's choice. */

import { currentCode } from './factors.ts';
import { OktaSimulator } from './simulator.ts';
import type { SimulatedUser } from './users.ts';

export interface StartOptions {
  /** 0, the default, takes a free one. */
  readonly port?: number;
  readonly users?: readonly SimulatedUser[];
}

/** A running org, and what to type into a client. */
export interface StartedOkta {
  readonly simulator: OktaSimulator;
  /** For `orgUrl`. */
  readonly origin: string;
  readonly apiToken: string;
  readonly clientId: string;
  readonly users: readonly StartedUser[];
  stop(): Promise<void>;
}

export interface StartedUser {
  readonly login: string;
  readonly password: string;
  /** In words, such as `Google Authenticator with the secret …`. */
  readonly secondFactor: string;
  /** The code right now, where there is one. */
  code(): string | undefined;
}

const API_TOKEN = '00simulatedApiToken';
const CLIENT_ID = '0oaSimulated';

/** All of them use this password; it guards nothing. */
const PASSWORD = 'Simulated-1';

export const DEFAULT_USERS: readonly SimulatedUser[] = [
  {
    id: '00u1jdoe',
    login: 'jdoe@example.com',
    password: PASSWORD,
    profile: { sftpUid: 2030, sftpGid: 2030 },
    groups: [{ id: '00g1sftp', name: 'sftp-users' }],
  },
  {
    id: '00u2msmith',
    login: 'msmith@example.com',
    password: PASSWORD,
    profile: { sftpUid: 4050, sftpGid: 4050 },
    groups: [{ id: '00g1sftp', name: 'sftp-users' }],
    policy: { mfa: 'always' },
    factors: [
      {
        id: 'uft2google',
        type: 'token:software:totp',
        provider: 'GOOGLE',
        secret: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP',
      },
    ],
  },
  {
    id: '00u3phone',
    login: 'phone@example.com',
    password: PASSWORD,
    policy: { mfa: 'always' },
    factors: [
      {
        id: 'opf3phone',
        type: 'push',
        provider: 'OKTA',
        script: { ends: 'approve', afterPolls: 4, number: { shown: 92, afterPolls: 2 } },
      },
      { id: 'sms3phone', type: 'sms', provider: 'OKTA', code: '271828', phoneNumber: '+15550100' },
    ],
  },
  { id: '00u4left', login: 'left@example.com', password: PASSWORD, status: 'SUSPENDED' },
];

export async function startOktaSimulator({
  port = 0,
  users = DEFAULT_USERS,
}: StartOptions = {}): Promise<StartedOkta> {
  const simulator = new OktaSimulator({ users, port, apiToken: API_TOKEN, clients: [{ id: CLIENT_ID }] });
  await simulator.start();
  return {
    simulator,
    origin: simulator.origin,
    apiToken: API_TOKEN,
    clientId: CLIENT_ID,
    users: users.map(startedUser),
    stop: () => simulator.stop(),
  };
}

function startedUser({ login, password, factors = [] }: SimulatedUser): StartedUser {
  return {
    login,
    password,
    secondFactor: factors.map(inWords).join(', ') || 'none',
    code: () => factors.map((factor) => currentCode(factor, Date.now())).find((code) => code !== undefined),
  };
}

function inWords(factor: NonNullable<SimulatedUser['factors']>[number]): string {
  if (factor.type === 'token:software:totp')
    return `${factor.provider} TOTP with the secret ${factor.secret}`;
  if (factor.type === 'push') return `push: ${factor.script.ends} after ${factor.script.afterPolls} polls`;
  return factor.type;
}
