import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CIPHERS, MACS } from '../ssh/cipher/suites.ts';
import { DEFAULT_PROPOSAL, type KexInit } from '../ssh/index.ts';
import { KEX_METHODS } from '../ssh/kex/method.ts';
import { signatureAlgorithm } from '../ssh/signature.ts';
import { DEFAULT_SECURITY_POLICY, SECURITY_POLICIES, UNPUBLISHED_POLICIES } from './security-policies.ts';
import { findSecurityPolicy, hintForRefused, proposalOf } from './security-policy.ts';

/** The abbreviations of the table below. */
const LEGEND: Readonly<Record<string, string>> = {
  g256: 'aes256-gcm@openssh.com',
  g128: 'aes128-gcm@openssh.com',
  c128: 'aes128-ctr',
  c192: 'aes192-ctr',
  c256: 'aes256-ctr',
  cc: 'chacha20-poly1305@openssh.com',
  m1: 'mlkem768x25519-sha256',
  m2: 'mlkem768nistp256-sha256',
  m3: 'mlkem1024nistp384-sha384',
  e1: 'ecdh-sha2-nistp256',
  e2: 'ecdh-sha2-nistp384',
  e3: 'ecdh-sha2-nistp521',
  x: 'curve25519-sha256',
  xl: 'curve25519-sha256@libssh.org',
  d14s1: 'diffie-hellman-group14-sha1',
  d14: 'diffie-hellman-group14-sha256',
  d16: 'diffie-hellman-group16-sha512',
  d18: 'diffie-hellman-group18-sha512',
  gex: 'diffie-hellman-group-exchange-sha256',
  h2e: 'hmac-sha2-256-etm@openssh.com',
  h5e: 'hmac-sha2-512-etm@openssh.com',
  h2: 'hmac-sha2-256',
  h5: 'hmac-sha2-512',
  h1: 'hmac-sha1',
  h1e: 'hmac-sha1-etm@openssh.com',
  u128e: 'umac-128-etm@openssh.com',
  u128: 'umac-128@openssh.com',
  u64e: 'umac-64-etm@openssh.com',
  u64: 'umac-64@openssh.com',
};

/** AWS's page, a second time and in another form: name, FIPS, ciphers, key exchanges, MACs, ssh-rsa. */
const PUBLISHED = `
TransferSecurityPolicy-2025-03 | no | g256 g128 c128 c256 c192 | m1 m2 m3 e1 e2 e3 x xl d16 d18 gex | h2e h5e | no
TransferSecurityPolicy-FIPS-2025-03 | yes | g256 g128 c256 c192 c128 | m1 m2 m3 e1 e2 e3 gex d16 d18 | h5e h2e | no
TransferSecurityPolicy-AS2Restricted-2025-07 | no | g256 g128 c128 c256 c192 | m1 m2 m3 e1 e2 e3 x xl d16 d18 gex | h2e h5e | no
TransferSecurityPolicy-SshAuditCompliant-2025-02 | no | g128 g256 c128 c256 c192 | x xl d18 d16 gex | h2e h5e | no
TransferSecurityPolicy-2024-01 | no | g128 g256 c128 c256 c192 | e1 e2 e3 x xl d18 d16 gex | h2e h5e | no
TransferSecurityPolicy-FIPS-2024-01 | yes | g128 g256 c128 c256 c192 | e1 e2 e3 d18 d16 gex | h2e h5e | yes
TransferSecurityPolicy-FIPS-2024-05 | yes | g128 g256 c128 c256 c192 | e1 e2 e3 d18 d16 gex | h2e h5e | no
TransferSecurityPolicy-2023-05 | no | g256 g128 c256 c192 | x xl d16 d18 gex | h5e h2e | no
TransferSecurityPolicy-FIPS-2023-05 | yes | g256 g128 c256 c192 | d16 d18 gex | h2e h5e | yes
TransferSecurityPolicy-2022-03 | no | g256 g128 c256 c192 | x xl d16 d18 gex | h5e h2e h5 h2 | no
TransferSecurityPolicy-2020-06 | no | cc c128 c192 c256 g128 g256 | e1 e2 e3 gex d16 d18 d14 | u128e h2e h5e u128 h2 h5 | yes
TransferSecurityPolicy-Restricted-2020-06 | no | c128 c192 c256 g128 g256 | e1 e2 e3 gex d16 d18 d14 | u128e h2e h5e u128 h2 h5 | no
TransferSecurityPolicy-FIPS-2020-06 | yes | c128 c192 c256 g128 g256 | e1 e2 e3 gex d16 d18 d14 | h2e h5e h2 h5 | yes
TransferSecurityPolicy-2018-11 | no | cc c128 c192 c256 g128 g256 | x xl e1 e2 e3 gex d16 d18 d14 d14s1 | u64e u128e h2e h5e h1e u64 u128 h2 h5 h1 | yes
TransferSecurityPolicy-Restricted-2018-11 | no | c128 c192 c256 g128 g256 | x xl e1 e2 e3 gex d16 d18 d14 d14s1 | u64e u128e h2e h5e h1e u64 u128 h2 h5 h1 | no
`;

interface PublishedRow {
  readonly name: string;
  readonly isFips: boolean;
  readonly ciphers: readonly string[];
  readonly kexs: readonly string[];
  readonly macs: readonly string[];
  readonly hasSshRsa: boolean;
}

function publishedRows(): PublishedRow[] {
  return PUBLISHED.trim()
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .map(([name = '', fips, ciphers = '', kexs = '', macs = '', sshRsa]) => ({
      name,
      isFips: fips === 'yes',
      ciphers: spelledOut(ciphers),
      kexs: spelledOut(kexs),
      macs: spelledOut(macs),
      hasSshRsa: sshRsa === 'yes',
    }));
}

function spelledOut(cell: string): string[] {
  return cell.split(' ').map((short) => LEGEND[short] ?? assert.fail(short));
}

test('security policies - the published ones are all there, in the order of the page, and ours before them', () => {
  const names = SECURITY_POLICIES.map((policy) => policy.SecurityPolicyName);
  assert.deepEqual(names, [
    DEFAULT_SECURITY_POLICY.SecurityPolicyName,
    ...publishedRows().map(({ name }) => name),
  ]);
});

const COMMON_HOST_KEYS =
  'rsa-sha2-256 rsa-sha2-512 ecdsa-sha2-nistp256 ecdsa-sha2-nistp384 ecdsa-sha2-nistp521 ssh-ed25519'.split(
    ' ',
  );

for (const row of publishedRows()) {
  test(`security policies - ${row.name} is what AWS publishes, order included`, () => {
    const policy = findSecurityPolicy(row.name);
    assert.ok(policy !== undefined);
    assert.equal(policy.Fips, row.isFips);
    assert.deepEqual(policy.SshCiphers, row.ciphers);
    assert.deepEqual(policy.SshKexs, row.kexs);
    assert.deepEqual(policy.SshMacs, row.macs);
    const hostKeys = row.hasSshRsa ? [...COMMON_HOST_KEYS, 'ssh-rsa'] : COMMON_HOST_KEYS;
    assert.deepEqual(policy.SshHostKeyAlgorithms, hostKeys);
    assert.deepEqual([policy.Type, policy.Protocols], ['SERVER', ['SFTP', 'FTPS']]);
    const hasRsaKeyTransport = policy.TlsCiphers.some((name) => name.startsWith('TLS_RSA_'));
    assert.equal(hasRsaKeyTransport, row.name === 'TransferSecurityPolicy-2018-11');
    assert.equal(policy.TlsCiphers.length, hasRsaKeyTransport ? 10 : 8);
  });
}

for (const policy of SECURITY_POLICIES) {
  test(`security policies - every algorithm of ${policy.SecurityPolicyName} is implemented`, () => {
    const unknown = [
      ...policy.SshKexs.filter((name) => KEX_METHODS[name] === undefined),
      ...policy.SshCiphers.filter((name) => CIPHERS[name] === undefined),
      ...policy.SshMacs.filter((name) => MACS[name] === undefined),
      ...policy.SshHostKeyAlgorithms.filter((name) => signatureAlgorithm(name) === undefined),
    ];
    assert.deepEqual(unknown, []);
  });
}

test('security policies - the default one is what the SSH library offers by default, and nothing in it is weak', () => {
  const policy = DEFAULT_SECURITY_POLICY;
  assert.deepEqual(proposalOf(policy), DEFAULT_PROPOSAL);
  assert.match(policy.SshKexs[0] ?? '', /^mlkem/);
  assert.match(policy.SshCiphers[0] ?? '', /-gcm@/);
  const all = [...policy.SshKexs, ...policy.SshCiphers, ...policy.SshMacs, ...policy.SshHostKeyAlgorithms];
  assert.deepEqual(
    all.filter((name) => /sha1|^ssh-rsa$|nistp|group14|cbc|chacha20|umac|^hmac-sha2-\d+$/.test(name)),
    [],
  );
});

test('security policies - users sign with SHA-1 only where host keys do too, and prefer anything else', () => {
  for (const policy of SECURITY_POLICIES) {
    const { userSignatures } = proposalOf(policy);
    const index = policy.SshHostKeyAlgorithms.includes('ssh-rsa') ? userSignatures.length - 1 : -1;
    assert.equal(userSignatures.indexOf('ssh-rsa'), index, policy.SecurityPolicyName);
  }
});

test('security policies - what is named in place of an unpublished one is there, FIPS for FIPS', () => {
  for (const [name, successor] of Object.entries(UNPUBLISHED_POLICIES)) {
    assert.equal(findSecurityPolicy(name), undefined);
    assert.equal(findSecurityPolicy(successor)?.Fips, name.includes('FIPS'));
  }
});

const DEFAULT_NAME = DEFAULT_SECURITY_POLICY.SecurityPolicyName;
const OWN_KEYS = ['ssh-ed25519', 'ecdsa-sha2-nistp256', 'rsa-sha2-512', 'rsa-sha2-256', 'ssh-rsa'];

function offerOf(kex: string, hostKey: string, cipher: string, mac: string): KexInit {
  return {
    kex: [kex],
    hostKey: [hostKey],
    ciphersIn: [cipher],
    ciphersOut: [cipher],
    macsIn: [mac],
    macsOut: [mac],
    compressionIn: ['none'],
    compressionOut: ['none'],
    firstKexPacketFollows: false,
  };
}

function hint(policyName: string, offer: KexInit): string {
  const policy = findSecurityPolicy(policyName);
  assert.ok(policy !== undefined);
  return hintForRefused(offer, policy, OWN_KEYS);
}

test('hint - names the strictest policy that would accept the client', () => {
  const plainMac = offerOf('curve25519-sha256', 'ssh-ed25519', 'aes256-ctr', 'hmac-sha2-256');
  assert.equal(hint(DEFAULT_NAME, plainMac), 'TransferSecurityPolicy-2022-03 would accept this client');
  const nist = offerOf('ecdh-sha2-nistp256', 'ssh-ed25519', 'aes128-ctr', 'hmac-sha2-256-etm@openssh.com');
  assert.equal(hint(DEFAULT_NAME, nist), 'TransferSecurityPolicy-2025-03 would accept this client');
  const ancient = offerOf('diffie-hellman-group14-sha1', 'ssh-rsa', 'aes128-ctr', 'hmac-sha1');
  assert.equal(hint(DEFAULT_NAME, ancient), 'TransferSecurityPolicy-2018-11 would accept this client');
});

test('hint - a FIPS server is not sent to a policy that is none', () => {
  const plainMac = offerOf('ecdh-sha2-nistp256', 'ssh-rsa', 'aes256-ctr', 'hmac-sha2-256');
  assert.equal(
    hint('TransferSecurityPolicy-FIPS-2025-03', plainMac),
    'TransferSecurityPolicy-FIPS-2020-06 would accept this client',
  );
  const x25519 = offerOf('curve25519-sha256', 'ssh-ed25519', 'aes256-ctr', 'hmac-sha2-256');
  assert.match(hint('TransferSecurityPolicy-FIPS-2025-03', x25519), /^no FIPS security policy accepts/);
});

test('hint - a client that no policy accepts, or no host key of the server serves, is said to need an update', () => {
  const cbc = offerOf('diffie-hellman-group1-sha1', 'ssh-dss', '3des-cbc', 'hmac-md5');
  assert.match(hint(DEFAULT_NAME, cbc), /^no security policy accepts what this client offers/);
  const otherKey = offerOf('curve25519-sha256', 'ecdsa-sha2-nistp384', 'aes256-ctr', 'hmac-sha2-256');
  assert.match(hint(DEFAULT_NAME, otherKey), /^no security policy accepts/);
});
