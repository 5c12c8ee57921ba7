/** One running server for each security policy, in one process of the product. */

import { SECURITY_POLICIES } from '../../src/endpoint/security-policies.ts';
import { type Served, serve } from '../testing/served.ts';

/** Auditors open many connections at once and never log in. */
const MAX_CONNECTIONS = 1000;

export interface PolicyServer {
  readonly policyName: string;
  readonly host: string;
  readonly port: number;
}

export interface PolicyServers {
  readonly servers: readonly PolicyServer[];
  stop(): Promise<number | null>;
}

export async function servePolicies(): Promise<PolicyServers> {
  const served = await serve({ configure: withEveryPolicy });
  return { servers: serversOf(served), stop: () => served.stop() };
}

function withEveryPolicy(configuration: Record<string, unknown>): Record<string, unknown> {
  const [server] = Array.isArray(configuration.servers) ? configuration.servers : [];
  return {
    ...configuration,
    servers: SECURITY_POLICIES.map(({ SecurityPolicyName }) => ({ ...server, SecurityPolicyName })),
    limits: {
      maxConnections: MAX_CONNECTIONS,
      maxUnauthenticatedConnections: MAX_CONNECTIONS,
      maxUnauthenticatedPerAddress: MAX_CONNECTIONS,
    },
  };
}

/** The ready file lists the servers in the order of the configuration. */
function serversOf({ ready }: Served): PolicyServer[] {
  return SECURITY_POLICIES.flatMap(({ SecurityPolicyName: policyName }, index) => {
    const address = ready.servers[index]?.listen.SFTP;
    return address === undefined ? [] : [{ policyName, host: address.host, port: address.port }];
  });
}
