/** The simulated OneLogin account as a development tool: some users to log in with, on a port of one's choice. */

import { OneLoginSimulator } from './simulator.ts';
import type { SimulatedUser } from './users.ts';

export interface StartOptions {
  /** 0, the default, takes a free one. */
  readonly port?: number;
  readonly users?: readonly SimulatedUser[];
}

/** A running account, and what to write into the configuration. */
export interface StartedOneLogin {
  readonly simulator: OneLoginSimulator;
  /** For `url`. */
  readonly origin: string;
  readonly subdomain: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly users: readonly SimulatedUser[];
  stop(): Promise<void>;
}

const CLIENT = { clientId: 'simulated-client-id', clientSecret: 'simulated-client-secret' };
const SUBDOMAIN = 'example';

/** All of them use this password; it guards nothing. */
const PASSWORD = 'Simulated-1';

export const DEFAULT_USERS: readonly SimulatedUser[] = [
  {
    id: 2030,
    username: 'jdoe',
    email: 'jdoe@example.com',
    password: PASSWORD,
    roleIds: [77],
    customAttributes: { sftp_uid: '2030' },
  },
  {
    id: 4050,
    username: 'msmith',
    email: 'msmith@example.com',
    password: PASSWORD,
    devices: [{ id: 1, type: 'Google Authenticator', code: '123456' }],
  },
  {
    id: 5060,
    username: 'phone',
    email: 'phone@example.com',
    password: PASSWORD,
    devices: [
      { id: 2, type: 'OneLogin Protect', code: '654321', push: { ends: 'approve', afterPolls: 3 } },
      { id: 3, type: 'OneLogin SMS', code: '271828' },
    ],
  },
  { id: 6070, username: 'left', email: 'left@example.com', password: PASSWORD, status: 2 },
];

export async function startOneLoginSimulator({
  port = 0,
  users = DEFAULT_USERS,
}: StartOptions = {}): Promise<StartedOneLogin> {
  const simulator = new OneLoginSimulator({ ...CLIENT, subdomain: SUBDOMAIN, users, port });
  await simulator.start();
  return {
    simulator,
    origin: simulator.origin,
    subdomain: SUBDOMAIN,
    ...CLIENT,
    users,
    stop: () => simulator.stop(),
  };
}
