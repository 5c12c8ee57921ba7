/** SSH keys, certificates and known_hosts files of a run. */

import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
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

interface Address {
  readonly host: string;
  readonly port: number;
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

/** Makes a key of each type with a user certificate, which OpenSSH finds in `file` + `-cert.pub`. */
export async function certifyKeys(
  folder: string,
  authority: KeyPair,
  principal: string,
  signal: AbortSignal,
): Promise<Readonly<Record<KeyType, KeyPair>>> {
  await mkdir(folder);
  const keys = await generateKeys(folder, signal);
  const publicKeyFiles = Object.values(keys).map(({ file }) => `${file}.pub`);
  await runSuccessfully({
    program: 'ssh-keygen',
    args: [
      '-q',
      '-s',
      authority.file,
      '-I',
      'the certificate of the run',
      '-n',
      principal,
      ...publicKeyFiles,
    ],
    environment: cleanEnvironment(folder),
    signal,
  });
  return keys;
}

/** Asks the servers for their host keys, so that every client afterwards checks them. */
export async function scanHostKeys(
  file: string,
  addresses: Address | readonly Address[],
  signal: AbortSignal,
): Promise<void> {
  const scans = await Promise.all(
    [addresses].flat().map(async ({ host, port }) => {
      const { output, errorOutput } = await runSuccessfully({
        program: 'ssh-keyscan',
        args: ['-T', '10', '-p', String(port), '-t', KEY_TYPES.join(','), host],
        environment: cleanEnvironment(path.dirname(file)),
        signal,
      });
      if (output.trim() === '') throw new Error(`ssh-keyscan found no host key: ${errorOutput.trim()}`);
      return output.split('\n').filter((line) => line !== '');
    }),
  );
  // curl asks for the kind of key that comes first in the file, and libssh2 before 1.11 must not ask for RSA.
  const preference = ['ssh-ed25519', 'ecdsa-', 'ssh-rsa'];
  const rank = (line: string) => preference.findIndex((kind) => line.includes(` ${kind}`));
  const lines = scans.flat();
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
  const fingerprints = lines.map((line) => {
    const blob = Buffer.from(line.split(' ')[2] ?? '', 'base64');
    return `SHA256:${createHash('sha256').update(blob).digest('base64').replaceAll('=', '')}`;
  });
  // Several servers share their keys.
  return [...new Set(fingerprints)];
}
