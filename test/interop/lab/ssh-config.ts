/** The ssh_config of a login: one way to log in, known hosts, and algorithms where a check insists on them. */

import { writeFile } from 'node:fs/promises';
import type { Credential } from '../client.ts';
import type { KeyPair } from './keys.ts';

/** Names as on the wire; what is absent is the client's own choice. */
export interface Algorithms {
  readonly kex?: string;
  readonly cipher?: string;
  readonly mac?: string;
}

export interface SshConfig {
  readonly knownHostsFile: string;
  readonly credential: OpenSshCredential;
  readonly algorithms?: Algorithms;
  /** Lets the client write host keys that the server announces into the known hosts. */
  readonly updatesHostKeys?: boolean;
}

/** What of a credential the configuration shows; secrets are no part of it. */
export type OpenSshCredential =
  | { readonly kind: 'password' | 'prompts' }
  | { readonly kind: 'key' | 'key and password' | 'certificate'; readonly key: Pick<KeyPair, 'file'> };

const METHODS: Readonly<Record<Credential['kind'], string>> = {
  password: 'password',
  key: 'publickey',
  'key and password': 'publickey,password',
  prompts: 'keyboard-interactive',
  certificate: 'publickey',
};

/** Writes an ssh_config that refuses unknown host keys and knows one way to log in. */
export async function writeSshConfig(file: string, config: SshConfig): Promise<void> {
  const { knownHostsFile, algorithms = {}, updatesHostKeys = false } = config;
  const lines = [
    `UserKnownHostsFile ${knownHostsFile}`,
    'GlobalKnownHostsFile /dev/null',
    'StrictHostKeyChecking yes',
    `UpdateHostKeys ${updatesHostKeys ? 'yes' : 'no'}`,
    'IdentityAgent none',
    'IdentitiesOnly yes',
    'ConnectTimeout 20',
    'NumberOfPasswordPrompts 1',
    'LogLevel ERROR',
    ...loginLines(config.credential),
    ...algorithmLines(algorithms),
  ];
  await writeFile(file, `Host *\n${lines.map((line) => `  ${line}\n`).join('')}`);
}

function loginLines(credential: OpenSshCredential): readonly string[] {
  const methods = `PreferredAuthentications ${METHODS[credential.kind]}`;
  if (!('key' in credential)) return ['PubkeyAuthentication no', methods];
  const { file } = credential.key;
  const certificate = credential.kind === 'certificate' ? [`CertificateFile ${file}-cert.pub`] : [];
  return [methods, `IdentityFile ${file}`, ...certificate];
}

function algorithmLines({ kex, cipher, mac }: Algorithms): readonly string[] {
  return [
    ...(kex === undefined ? [] : [`KexAlgorithms ${kex}`]),
    ...(cipher === undefined ? [] : [`Ciphers ${cipher}`]),
    ...(mac === undefined ? [] : [`MACs ${mac}`]),
  ];
}
