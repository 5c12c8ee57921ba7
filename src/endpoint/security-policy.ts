/** What follows from a security policy: what its server proposes, and which one a refused client would need. */

import { DEFAULT_PROPOSAL, isAcceptable, type KexInit, type Proposal } from '../ssh/index.ts';
import { SECURITY_POLICIES, type SecurityPolicy } from './security-policies.ts';

const SHA1 = 'ssh-rsa';

export function findSecurityPolicy(name: string): SecurityPolicy | undefined {
  return SECURITY_POLICIES.find((policy) => policy.SecurityPolicyName === name);
}

/**
 * What a server with this policy offers. No policy lists what users may sign with; one that has `ssh-rsa` (SHA-1) has it
 * for clients that know nothing better, and these sign their users in with it as well.
 */
export function proposalOf(policy: SecurityPolicy): Proposal {
  return {
    kex: policy.SshKexs,
    hostKey: policy.SshHostKeyAlgorithms,
    ciphers: policy.SshCiphers,
    macs: policy.SshMacs,
    userSignatures: policy.SshHostKeyAlgorithms.includes(SHA1)
      ? [...DEFAULT_PROPOSAL.userSignatures, SHA1]
      : DEFAULT_PROPOSAL.userSignatures,
  };
}

/**
 * One line for the operator whose server refused a client: the first policy, the strictest come first, that would accept
 * what the client offers. In place of a FIPS policy only another one is named.
 * @param hostKeyAlgorithms what the server's host keys can sign for
 */
export function hintForRefused(
  offer: KexInit,
  refusing: SecurityPolicy,
  hostKeyAlgorithms: readonly string[],
): string {
  const accepting = SECURITY_POLICIES.find((policy) => {
    if (refusing.Fips && !policy.Fips) return false;
    const proposal = proposalOf(policy);
    const hostKey = proposal.hostKey.filter((name) => hostKeyAlgorithms.includes(name));
    return isAcceptable({ ...proposal, hostKey }, offer);
  });
  const kind = refusing.Fips ? 'FIPS security policy' : 'security policy';
  return accepting === undefined
    ? `no ${kind} accepts what this client offers; it needs an update`
    : `${accepting.SecurityPolicyName} would accept this client`;
}
