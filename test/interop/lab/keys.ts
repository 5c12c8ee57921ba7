/** SSH keys, known_hosts and ssh_config files of a run. */

import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { runSuccessfully } from './command.ts';
import { cleanEnvironment } from './environment.ts';

export const KEY_TYPES = ['ed25519', 'ecdsa', 'rsa'] as const;
export type KeyType = (typeof KEY_TYPES)[number];

/** A pair on disk; the public half is in `file` + `.pub`. */
export interface KeyPair {
  readonly type: KeyType;
  readonly file: string;
  /** One authorized_keys line. */
  readonly publicKey: string;
}

const SIZE_ARGUMENTS: Readonly<Record<KeyType, readonly string[]>> = {
  ed25519: [],
  ecdsa: ['-b', '256'],
  rsa: ['-b', '3072'],
};

export async function generateKey(file: string, type: KeyType, signal: AbortSignal): Promise<KeyPair> {
  await runSuccessfully({
    program: 'ssh-keygen',
    args: ['-q', '-t', type, ...SIZE_ARGUMENTS[type], '-N', '', '-C', `${type} of the run`, '-f', file],
    environment: cleanEnvironment(path.dirname(file)),
    signal,
  });
  return { type, file, publicKey: (await readFile(`${file}.pub`, 'utf8')).trim() };
}

export async function generateKeys(
  folder: string,
  signal: AbortSignal,
): Promise<Readonly<Record<KeyType, KeyPair>>> {
  const make = (type: KeyType) => generateKey(path.join(folder, `user_${type}`), type, signal);
  const [ed25519, ecdsa, rsa] = await Promise.all([make('ed25519'), make('ecdsa'), make('rsa')]);
  return { ed25519, ecdsa, rsa };
}

/** Asks the server for its host keys, so that every client afterwards checks them. */
export async function scanHostKeys(
  file: string,
  address: { readonly host: string; readonly port: number },
  signal: AbortSignal,
): Promise<void> {
  const scan = await runSuccessfully({
    program: 'ssh-keyscan',
    args: ['-T', '10', '-p', String(address.port), '-t', KEY_TYPES.join(','), address.host],
    environment: cleanEnvironment(path.dirname(file)),
    signal,
  });
  if (scan.output.trim() === '') throw new Error(`ssh-keyscan found no host key: ${scan.errorOutput.trim()}`);
  // curl asks for the kind of key that comes first in the file, and libssh2 before 1.11 must not ask for RSA.
  const preference = ['ssh-ed25519', 'ecdsa-', 'ssh-rsa'];
  const rank = (line: string) => preference.findIndex((kind) => line.includes(` ${kind}`));
  const lines = scan.output.split('\n').filter((line) => line !== '');
  await writeFile(
    file,
    lines
      .sort((a, b) => rank(a) - rank(b))
      .join('\n')
      .concat('\n'),
  );
}

/** `SHA256:…` of every key in a known_hosts file, as PuTTY's `-hostkey` takes them. */
export async function hostKeyFingerprints(knownHostsFile: string): Promise<readonly string[]> {
  const lines = (await readFile(knownHostsFile, 'utf8')).split('\n').filter((line) => /^[^#\s]/.test(line));
  return lines.map((line) => {
    const blob = Buffer.from(line.split(' ')[2] ?? '', 'base64');
    return `SHA256:${createHash('sha256').update(blob).digest('base64').replaceAll('=', '')}`;
  });
}

/** How an OpenSSH client logs in: by this key alone, or by password alone. */
export type OpenSshCredential = { readonly identityFile: string } | 'password';

/** Writes an ssh_config that knows one way to log in and refuses unknown host keys. */
export async function writeSshConfig(
  file: string,
  options: { readonly knownHostsFile: string; readonly credential: OpenSshCredential },
): Promise<void> {
  const common = [
    `UserKnownHostsFile ${options.knownHostsFile}`,
    'GlobalKnownHostsFile /dev/null',
    'StrictHostKeyChecking yes',
    'UpdateHostKeys no',
    'IdentityAgent none',
    'IdentitiesOnly yes',
    'ConnectTimeout 20',
    'NumberOfPasswordPrompts 1',
    'LogLevel ERROR',
  ];
  const login =
    options.credential === 'password'
      ? ['PubkeyAuthentication no', 'PreferredAuthentications password']
      : ['PreferredAuthentications publickey', `IdentityFile ${options.credential.identityFile}`];
  await writeFile(file, `Host *\n${[...common, ...login].map((line) => `  ${line}\n`).join('')}`);
}
