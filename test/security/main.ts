/**
 * `npm run test:audit`: every security policy as auditors see it. ssh-audit against the golden files (`--update` writes
 * them anew), the Terrapin scan, and host keys with real OpenSSH clients.
 */

import assert from 'node:assert/strict';
import { DEFAULT_SECURITY_POLICY } from '../../src/endpoint/security-policies.ts';
import { checkHostKeys } from './host-keys.ts';
import { type PolicyServer, servePolicies } from './policy-servers.ts';
import { allVerdicts, audit, type Findings, readGolden, writeGolden } from './ssh-audit.ts';
import { scan } from './terrapin.ts';

/** The one thing that may be said against the default policy: clients from before 2024 need a method that is not hybrid. */
const NOT_POST_QUANTUM = 'does not provide protection against post-quantum attacks';
const isUpdate = process.argv.includes('--update');

const servers = await servePolicies();
try {
  for (const server of servers.servers) await check(server.policyName, () => checkPolicy(server));
} finally {
  await servers.stop();
}
await check('host keys', checkHostKeys);

/** Says what was found, or what is wrong; the rest goes on. */
async function check(name: string, step: () => Promise<string>): Promise<void> {
  try {
    console.log(`ok    ${name}: ${await step()}`);
  } catch (error) {
    process.exitCode = 1;
    console.log(`WRONG ${name}: ${error instanceof Error ? error.message : String(error)}`);
    if (error instanceof Error && error.cause !== undefined) console.log(error.cause);
  }
}

async function checkPolicy(server: PolicyServer): Promise<string> {
  const terrapin = await scan(server.host, server.port);
  assert.equal(terrapin.isVulnerable, false, `vulnerable to Terrapin: ${terrapin.exposed.join(', ')}`);
  assert.equal(terrapin.isStrict, true, 'strict key exchange is not offered');
  const found = await audit(server);
  if (isUpdate) writeGolden(server.policyName, found);
  else
    assert.deepEqual(
      found,
      readGolden(server.policyName),
      'ssh-audit says something else than the golden file',
    );
  if (server.policyName === DEFAULT_SECURITY_POLICY.SecurityPolicyName) checkDefault(found);
  return summary(found);
}

function checkDefault(found: Findings): void {
  for (const { algorithm, fail = [], warn = [] } of allVerdicts(found)) {
    assert.deepEqual(fail, [], `${algorithm} of the default policy`);
    const allowed = algorithm.startsWith('curve25519-') ? [NOT_POST_QUANTUM] : [];
    assert.deepEqual(warn, allowed, `${algorithm} of the default policy`);
  }
}

function summary(found: Findings): string {
  const verdicts = allVerdicts(found);
  const failed = verdicts.filter(({ fail }) => fail !== undefined).length;
  const warned = verdicts.filter(({ warn }) => warn !== undefined).length;
  return `${verdicts.length} algorithms, ${failed} failed and ${warned} warned of by ssh-audit; Terrapin not possible`;
}
