/** The simulated tenant of Entra ID as a development tool: some users to log in with, on a port of one's choice. */

import { EntraSimulator } from './simulator.ts';
import { NAMED_ERRORS, type SimulatedUser } from './users.ts';

export interface StartOptions {
  /** 0, the default, takes a free one. */
  readonly port?: number;
  readonly users?: readonly SimulatedUser[];
}

/** A running tenant, and what to write into the configuration. */
export interface StartedEntra {
  readonly simulator: EntraSimulator;
  /** For `graphUrl`. */
  readonly origin: string;
  /** For `authority`. */
  readonly authorityUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly users: readonly SimulatedUser[];
  /** Names that end in an error whatever the password: `mfa@contoso.example`, `aadsts53003@contoso.example`. */
  readonly namedErrors: Readonly<Record<string, number>>;
  stop(): Promise<void>;
}

const TENANT_ID = '11111111-2222-3333-4444-555555555555';
const CLIENT = { id: '99999999-8888-7777-6666-555555555555', secret: 'simulated-client-secret' };

/** All of them use this password; it guards nothing. */
const PASSWORD = 'Simulated-1';

export const DEFAULT_USERS: readonly SimulatedUser[] = [
  {
    id: '00000000-0000-0000-0000-000000002030',
    userPrincipalName: 'jdoe@contoso.example',
    password: PASSWORD,
    groups: [{ id: '00000000-0000-0000-0000-00000000aaaa', name: 'sftp-users' }],
    roles: ['Partner'],
    properties: { employeeId: '2030', onPremisesExtensionAttributes: { extensionAttribute1: '2030' } },
  },
  {
    id: '00000000-0000-0000-0000-000000004050',
    userPrincipalName: 'msmith@contoso.example',
    password: PASSWORD,
    groups: Array.from({ length: 250 }, (_, index) => ({
      id: `00000000-0000-0000-0000-${String(index).padStart(12, '0')}`,
      name: `group-${index}`,
    })),
  },
  {
    id: '00000000-0000-0000-0000-000000009999',
    userPrincipalName: 'left@contoso.example',
    password: PASSWORD,
    isDisabled: true,
  },
];

export async function startEntraSimulator({
  port = 0,
  users = DEFAULT_USERS,
}: StartOptions = {}): Promise<StartedEntra> {
  const simulator = new EntraSimulator({ tenantId: TENANT_ID, client: CLIENT, users, port });
  await simulator.start();
  const { origin, authorityUrl } = simulator;
  return {
    simulator,
    origin,
    authorityUrl,
    clientId: CLIENT.id,
    clientSecret: CLIENT.secret,
    users,
    namedErrors: NAMED_ERRORS,
    stop: () => simulator.stop(),
  };
}
