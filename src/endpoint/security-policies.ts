/** The security policies as data: Transfer Family's own, word for word and in their published order, and ours. */

import { DEFAULT_PROPOSAL } from '../ssh/index.ts';

/** What the API's DescribeSecurityPolicy returns. */
export interface SecurityPolicy {
  readonly SecurityPolicyName: string;
  /** AWS's mark. Only algorithms follow from it: whether the cryptographic library is validated is another matter. */
  readonly Fips: boolean;
  /** Preference lists, most wanted first. */
  readonly SshCiphers: readonly string[];
  readonly SshKexs: readonly string[];
  readonly SshMacs: readonly string[];
  readonly TlsCiphers: readonly string[];
  /** AWS returns it for connectors only; servers have it in the documentation. */
  readonly SshHostKeyAlgorithms: readonly string[];
  readonly Type: 'SERVER';
  readonly Protocols: readonly ('SFTP' | 'FTPS')[];
}

const CHACHA20 = 'chacha20-poly1305@openssh.com';
const GCM_128 = 'aes128-gcm@openssh.com';
const GCM_256 = 'aes256-gcm@openssh.com';
const CTR_128 = 'aes128-ctr';
const CTR_192 = 'aes192-ctr';
const CTR_256 = 'aes256-ctr';

const ML_KEM = ['mlkem768x25519-sha256', 'mlkem768nistp256-sha256', 'mlkem1024nistp384-sha384'];
const ECDH = ['ecdh-sha2-nistp256', 'ecdh-sha2-nistp384', 'ecdh-sha2-nistp521'];
const CURVE25519 = ['curve25519-sha256', 'curve25519-sha256@libssh.org'];
const GROUP_14_SHA1 = 'diffie-hellman-group14-sha1';
const GROUP_14 = 'diffie-hellman-group14-sha256';
const GROUP_16 = 'diffie-hellman-group16-sha512';
const GROUP_18 = 'diffie-hellman-group18-sha512';
const GROUP_EXCHANGE = 'diffie-hellman-group-exchange-sha256';

const SHA2_256_ETM = 'hmac-sha2-256-etm@openssh.com';
const SHA2_512_ETM = 'hmac-sha2-512-etm@openssh.com';
const SHA2_256 = 'hmac-sha2-256';
const SHA2_512 = 'hmac-sha2-512';

/** The same in every published policy. */
const HOST_KEYS = [
  'rsa-sha2-256',
  'rsa-sha2-512',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'ssh-ed25519',
];
const HOST_KEYS_WITH_SHA1 = [...HOST_KEYS, 'ssh-rsa'];

const TLS_CIPHERS = [
  'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
  'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
  'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256',
  'TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256',
  'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384',
  'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384',
  'TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384',
  'TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384',
];
const TLS_CIPHERS_2018 = [
  ...TLS_CIPHERS,
  'TLS_RSA_WITH_AES_128_CBC_SHA256',
  'TLS_RSA_WITH_AES_256_CBC_SHA256',
];

const CIPHERS_2018 = [CTR_128, CTR_192, CTR_256, GCM_128, GCM_256];
const CIPHERS_2022 = [GCM_256, GCM_128, CTR_256, CTR_192];
const CIPHERS_2024 = [GCM_128, GCM_256, CTR_128, CTR_256, CTR_192];
const CIPHERS_2025 = [GCM_256, GCM_128, CTR_128, CTR_256, CTR_192];

const KEXS_2018 = [...CURVE25519, ...ECDH, GROUP_EXCHANGE, GROUP_16, GROUP_18, GROUP_14, GROUP_14_SHA1];
const KEXS_2020 = [...ECDH, GROUP_EXCHANGE, GROUP_16, GROUP_18, GROUP_14];
const KEXS_2022 = [...CURVE25519, GROUP_16, GROUP_18, GROUP_EXCHANGE];
const KEXS_2025 = [...ML_KEM, ...ECDH, ...CURVE25519, GROUP_16, GROUP_18, GROUP_EXCHANGE];
// Group exchange: the published JSON has it, the matrix on the same page leaves it blank. The JSON is what the API returns.
const KEXS_FIPS_2024 = [...ECDH, GROUP_18, GROUP_16, GROUP_EXCHANGE];

const MACS_2018 = [
  'umac-64-etm@openssh.com',
  'umac-128-etm@openssh.com',
  SHA2_256_ETM,
  SHA2_512_ETM,
  'hmac-sha1-etm@openssh.com',
  'umac-64@openssh.com',
  'umac-128@openssh.com',
  SHA2_256,
  SHA2_512,
  'hmac-sha1',
];
const MACS_2020 = [
  'umac-128-etm@openssh.com',
  SHA2_256_ETM,
  SHA2_512_ETM,
  'umac-128@openssh.com',
  SHA2_256,
  SHA2_512,
];

const BASE = {
  Fips: false,
  SshHostKeyAlgorithms: HOST_KEYS,
  TlsCiphers: TLS_CIPHERS,
  Type: 'SERVER',
  Protocols: ['SFTP', 'FTPS'],
} as const;

/** Our own, used where a server names none. */
export const DEFAULT_SECURITY_POLICY: SecurityPolicy = {
  ...BASE,
  SecurityPolicyName: 'DrawbridgeSecurityPolicy-2026-11',
  SshCiphers: DEFAULT_PROPOSAL.ciphers,
  SshKexs: DEFAULT_PROPOSAL.kex,
  SshMacs: DEFAULT_PROPOSAL.macs,
  SshHostKeyAlgorithms: DEFAULT_PROPOSAL.hostKey,
  TlsCiphers: TLS_CIPHERS.filter((name) => name.includes('_GCM_')),
};

/** Ours first, then Transfer Family's as AWS's page lists them, newest first. */
export const SECURITY_POLICIES: readonly SecurityPolicy[] = [
  DEFAULT_SECURITY_POLICY,
  {
    ...BASE,
    SecurityPolicyName: 'TransferSecurityPolicy-2025-03',
    SshCiphers: CIPHERS_2025,
    SshKexs: KEXS_2025,
    SshMacs: [SHA2_256_ETM, SHA2_512_ETM],
  },
  {
    ...BASE,
    SecurityPolicyName: 'TransferSecurityPolicy-FIPS-2025-03',
    Fips: true,
    SshCiphers: [GCM_256, GCM_128, CTR_256, CTR_192, CTR_128],
    SshKexs: [...ML_KEM, ...ECDH, GROUP_EXCHANGE, GROUP_16, GROUP_18],
    SshMacs: [SHA2_512_ETM, SHA2_256_ETM],
  },
  {
    ...BASE,
    // Beside 2025-03 it restricts AS2 only, which is not served here.
    SecurityPolicyName: 'TransferSecurityPolicy-AS2Restricted-2025-07',
    SshCiphers: CIPHERS_2025,
    SshKexs: KEXS_2025,
    SshMacs: [SHA2_256_ETM, SHA2_512_ETM],
  },
  {
    ...BASE,
    SecurityPolicyName: 'TransferSecurityPolicy-SshAuditCompliant-2025-02',
    SshCiphers: CIPHERS_2024,
    SshKexs: [...CURVE25519, GROUP_18, GROUP_16, GROUP_EXCHANGE],
    SshMacs: [SHA2_256_ETM, SHA2_512_ETM],
  },
  {
    ...BASE,
    SecurityPolicyName: 'TransferSecurityPolicy-2024-01',
    SshCiphers: CIPHERS_2024,
    SshKexs: [...ECDH, ...CURVE25519, GROUP_18, GROUP_16, GROUP_EXCHANGE],
    SshMacs: [SHA2_256_ETM, SHA2_512_ETM],
  },
  {
    ...BASE,
    SecurityPolicyName: 'TransferSecurityPolicy-FIPS-2024-01',
    Fips: true,
    SshCiphers: CIPHERS_2024,
    SshKexs: KEXS_FIPS_2024,
    SshMacs: [SHA2_256_ETM, SHA2_512_ETM],
    SshHostKeyAlgorithms: HOST_KEYS_WITH_SHA1,
  },
  {
    ...BASE,
    SecurityPolicyName: 'TransferSecurityPolicy-FIPS-2024-05',
    Fips: true,
    SshCiphers: CIPHERS_2024,
    SshKexs: KEXS_FIPS_2024,
    SshMacs: [SHA2_256_ETM, SHA2_512_ETM],
  },
  {
    ...BASE,
    SecurityPolicyName: 'TransferSecurityPolicy-2023-05',
    SshCiphers: CIPHERS_2022,
    SshKexs: KEXS_2022,
    SshMacs: [SHA2_512_ETM, SHA2_256_ETM],
  },
  {
    ...BASE,
    SecurityPolicyName: 'TransferSecurityPolicy-FIPS-2023-05',
    Fips: true,
    SshCiphers: CIPHERS_2022,
    SshKexs: [GROUP_16, GROUP_18, GROUP_EXCHANGE],
    SshMacs: [SHA2_256_ETM, SHA2_512_ETM],
    SshHostKeyAlgorithms: HOST_KEYS_WITH_SHA1,
  },
  {
    ...BASE,
    SecurityPolicyName: 'TransferSecurityPolicy-2022-03',
    SshCiphers: CIPHERS_2022,
    SshKexs: KEXS_2022,
    SshMacs: [SHA2_512_ETM, SHA2_256_ETM, SHA2_512, SHA2_256],
  },
  {
    ...BASE,
    SecurityPolicyName: 'TransferSecurityPolicy-2020-06',
    SshCiphers: [CHACHA20, ...CIPHERS_2018],
    SshKexs: KEXS_2020,
    SshMacs: MACS_2020,
    SshHostKeyAlgorithms: HOST_KEYS_WITH_SHA1,
  },
  {
    ...BASE,
    // AWS does not say whether the restricted policies have ssh-rsa; the page that lists who has it names neither.
    SecurityPolicyName: 'TransferSecurityPolicy-Restricted-2020-06',
    SshCiphers: CIPHERS_2018,
    SshKexs: KEXS_2020,
    SshMacs: MACS_2020,
  },
  {
    ...BASE,
    SecurityPolicyName: 'TransferSecurityPolicy-FIPS-2020-06',
    Fips: true,
    SshCiphers: CIPHERS_2018,
    SshKexs: KEXS_2020,
    SshMacs: [SHA2_256_ETM, SHA2_512_ETM, SHA2_256, SHA2_512],
    SshHostKeyAlgorithms: HOST_KEYS_WITH_SHA1,
  },
  {
    ...BASE,
    SecurityPolicyName: 'TransferSecurityPolicy-2018-11',
    SshCiphers: [CHACHA20, ...CIPHERS_2018],
    SshKexs: KEXS_2018,
    SshMacs: MACS_2018,
    SshHostKeyAlgorithms: HOST_KEYS_WITH_SHA1,
    TlsCiphers: TLS_CIPHERS_2018,
  },
  {
    ...BASE,
    SecurityPolicyName: 'TransferSecurityPolicy-Restricted-2018-11',
    SshCiphers: CIPHERS_2018,
    SshKexs: KEXS_2018,
    SshMacs: MACS_2018,
  },
];

/**
 * Names that AWS has or had and that we do not know the contents of, each with the known policy to take instead.
 * A guess would be a server with other algorithms than its administrator believes.
 */
export const UNPUBLISHED_POLICIES: Readonly<Record<string, string>> = {
  'TransferSecurityPolicy-Restricted-2024-06': 'TransferSecurityPolicy-2025-03',
  'TransferSecurityPolicy-PQ-SSH-Experimental-2023-04': 'TransferSecurityPolicy-2025-03',
  'TransferSecurityPolicy-PQ-SSH-FIPS-Experimental-2023-04': 'TransferSecurityPolicy-FIPS-2025-03',
};
