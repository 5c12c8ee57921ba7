/** Writes docs/security-policies.md: the policies, what is in them, what ssh-audit says, and how to choose. */

import {
  DEFAULT_SECURITY_POLICY,
  SECURITY_POLICIES,
  type SecurityPolicy,
  UNPUBLISHED_POLICIES,
} from '../src/endpoint/security-policies.ts';
import { allVerdicts, readGolden } from '../test/security/ssh-audit.ts';

type AlgorithmList = 'SshKexs' | 'SshCiphers' | 'SshMacs' | 'SshHostKeyAlgorithms';

const LISTS: readonly (readonly [AlgorithmList, string])[] = [
  ['SshKexs', 'Key exchange'],
  ['SshCiphers', 'Ciphers'],
  ['SshMacs', 'MACs'],
  ['SshHostKeyAlgorithms', 'Host keys'],
];

/** Each was tried against every policy; the versions are the oldest that were. */
const CLIENTS: readonly (readonly [client: string, policies: string])[] = [
  ['OpenSSH 9.2, PuTTY 0.78 (`psftp`), paramiko 5.1, asyncssh 2.24', 'every policy, so the default'],
  ['rclone 1.60', 'the default; every policy but `FIPS-2023-05`, which has no elliptic curves'],
  [
    'curl with libssh2 1.10 (Debian 12), Dropbear 2022.83 (`dbclient`)',
    '`TransferSecurityPolicy-2022-03` or older: they have neither GCM nor encrypt-then-MAC',
  ],
  [
    'clients with no better MAC than `hmac-sha1` or no better key exchange than `diffie-hellman-group14-sha1`',
    '`TransferSecurityPolicy-2018-11`, on a server of their own',
  ],
];

const defaultName = DEFAULT_SECURITY_POLICY.SecurityPolicyName;

export function securityPoliciesPage(): string {
  return [
    '# Security policies',
    '',
    '<!-- Generated from src/endpoint/security-policies.ts by "npm run docs". Do not edit. -->',
    '',
    'A security policy is the list of algorithms a server offers, in their order. `SecurityPolicyName` of a server in',
    '`drawbridge.yaml` names it:',
    '',
    '```yaml',
    'servers:',
    '  - SecurityPolicyName: TransferSecurityPolicy-2022-03',
    '```',
    '',
    `Without it the server uses \`${defaultName}\`. The others are those of AWS Transfer Family, with the`,
    'same names, the same algorithms and the same order. Where both sides have several algorithms in common, the order of',
    'the *client* decides (RFC 4253 section 7.1).',
    '',
    '## How to choose',
    '',
    `- **${defaultName}**, the default: post-quantum key exchange first, AEAD first, nothing weak.`,
    '  ssh-audit finds nothing to fail in it; its only warning is that `curve25519-sha256`, there for clients from before',
    '  2024, is not post-quantum.',
    '- **A policy of AWS** where a server moves here from Transfer Family: take the name it had. AWS itself uses',
    '  `TransferSecurityPolicy-2024-01` where none is given, and CloudFormation `TransferSecurityPolicy-2018-11`.',
    '- **A FIPS policy** where only approved algorithms are allowed. It restricts algorithms and does not make the',
    '  cryptographic library a validated one.',
    '- **An older policy** only for a client that needs it, best on a server (a port) of its own. When the negotiation with',
    '  a client fails, the `KEX_FAILURE` line of the log has a `hint`: the strictest policy that would accept this client.',
    '',
    '| client | policy |',
    '|---|---|',
    ...CLIENTS.map((cells) => row(cells)),
    '',
    '## What is in them',
    '',
    "The number is the algorithm's place in the policy's order. `FIPS` is AWS's mark.",
    '',
    ...LISTS.flatMap(([list, title]) => matrix(list, title)),
    'Users may sign with Ed25519, ECDSA, RSA with SHA-2 and security keys under every policy. `ssh-rsa` is RSA with SHA-1:',
    'the policies that have it take it from users as well.',
    '',
    '## What ssh-audit says',
    '',
    'Algorithms it fails and warns of, with keys of every type on the server. `npm run test:audit` compares it with the',
    'files in `test/security/golden`. It fails all NIST curves and SHA-1, and warns of every key exchange that is not',
    'post-quantum, 2048-bit groups, MACs that are not encrypt-then-MAC and tags of 64 bits. No policy is open to the',
    'Terrapin attack (CVE-2023-48795): strict key exchange is always offered.',
    '',
    '| policy | failed | warned of |',
    '|---|---|---|',
    ...SECURITY_POLICIES.map((policy) => auditRow(policy)),
    '',
    '## Policies that are not here',
    '',
    'AWS has or had these names and does not publish what is in them. They are refused with the name of another one; a',
    'guess would be a server with other algorithms than its administrator believes.',
    '',
    '| name | use |',
    '|---|---|',
    ...Object.entries(UNPUBLISHED_POLICIES).map(([name, successor]) =>
      row([`\`${name}\``, `\`${successor}\``]),
    ),
    '',
    '## Host keys',
    '',
    '`HostKeys` of a server lists its private key files, as `ssh-keygen` writes them (OpenSSH or PEM form, without a',
    'passphrase). Without it the server uses the keys made at first start, one each of Ed25519, ECDSA P-256 and RSA 3072. A',
    'policy uses those it has an algorithm for.',
    '',
    'To replace a key without a warning on the side of the clients: add the new one behind the old one of the same type and',
    'restart. The old one still signs; the new one is announced after each login (`hostkeys-00@openssh.com`), with proof, to',
    'OpenSSH clients, which add it to their `known_hosts`. After some weeks take the old one out. Other clients have to be',
    'told the new fingerprint.',
    '',
  ].join('\n');
}

function matrix(list: AlgorithmList, title: string): string[] {
  const names = [...new Set(SECURITY_POLICIES.flatMap((policy) => policy[list]))];
  return [
    `### ${title}`,
    '',
    row(['', ...SECURITY_POLICIES.map(shortName)]),
    row(['---', ...SECURITY_POLICIES.map(() => ':-:')]),
    ...names.map((name) =>
      row([`\`${name}\``, ...SECURITY_POLICIES.map((policy) => place(policy[list], name))]),
    ),
    '',
  ];
}

function place(names: readonly string[], name: string): string {
  const index = names.indexOf(name);
  return index < 0 ? '' : String(index + 1);
}

function shortName({ SecurityPolicyName }: SecurityPolicy): string {
  return SecurityPolicyName.replace(/^TransferSecurityPolicy-/, '').replace('SecurityPolicy-', ' ');
}

function auditRow({ SecurityPolicyName }: SecurityPolicy): string {
  const verdicts = allVerdicts(readGolden(SecurityPolicyName));
  const failed = verdicts.filter(({ fail }) => fail !== undefined);
  const warned = verdicts.filter(({ warn }) => warn !== undefined);
  return row([`\`${SecurityPolicyName}\``, String(failed.length), String(warned.length)]);
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}
