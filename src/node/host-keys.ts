/** The host keys of a server: files of its own, or the keys of this installation, which are made at first start. */

import { readFile, stat } from 'node:fs/promises';
import type { SecurityPolicy } from '../endpoint/security-policies.ts';
import { HostKey, type HostKeyType, PrivateKeyError } from '../ssh/index.ts';
import type { Log } from '../telemetry/log.ts';
import { ConfigurationError, type ConfigurationErrorCode } from './config/problem.ts';
import { type DataFolder, DataFolderError } from './data-folder.ts';

const FOLDER = 'host-keys';
const TYPES: readonly HostKeyType[] = ['ed25519', 'ecdsa-p256', 'rsa-3072'];
/** Larger than any key: a wrong file does not fill the memory. */
const MAX_FILE_BYTES = 64 * 1024;
const OTHERS_MODE = 0o077;

/** One key of each type. @throws DataFolderError naming a key file that cannot be read as one */
export async function openHostKeys(data: DataFolder): Promise<readonly HostKey[]> {
  return Promise.all(TYPES.map((type) => openHostKey(data, type)));
}

/**
 * The keys of a server that has its own, in their order.
 * @throws ConfigurationError naming the file and the fix
 */
export async function readHostKeys(
  files: readonly string[],
  policy: SecurityPolicy,
  log: Log,
): Promise<readonly HostKey[]> {
  const keys: HostKey[] = [];
  for (const file of files) {
    const key = await readHostKey(file, log);
    const twin = keys.findIndex(({ fingerprint }) => fingerprint === key.fingerprint);
    if (twin >= 0) throw unusable(file, `holds the same key as ${files[twin]}; take one of them out`);
    if (!isUsable(key, policy))
      log.warn(
        { file, policy: policy.SecurityPolicyName },
        'the security policy has no algorithm for this host key: it is not used',
      );
    keys.push(key);
  }
  if (usableKeys(keys, policy).length > 0) return keys;
  const algorithms = policy.SshHostKeyAlgorithms.join(', ');
  throw unusable(
    files[0] ?? '',
    `no host key of this server can be used: ${policy.SecurityPolicyName} takes ${algorithms}; add a key for one of these`,
  );
}

/** Those that the policy has an algorithm for. */
export function usableKeys(keys: readonly HostKey[], policy: SecurityPolicy): readonly HostKey[] {
  return keys.filter((key) => isUsable(key, policy));
}

function isUsable({ algorithms }: HostKey, { SshHostKeyAlgorithms }: SecurityPolicy): boolean {
  return algorithms.some((name) => SshHostKeyAlgorithms.includes(name));
}

async function readHostKey(file: string, log: Log): Promise<HostKey> {
  const text = await readText(file, log);
  try {
    return HostKey.fromPem(text);
  } catch (error) {
    if (!(error instanceof PrivateKeyError)) throw error;
    throw unusable(file, `cannot be used as a host key: ${error.message}`);
  }
}

async function readText(file: string, log: Log): Promise<string> {
  try {
    const { mode, size } = await stat(file);
    if (size > MAX_FILE_BYTES) throw unusable(file, 'is too large for a private key; is it the right file?');
    if ((mode & OTHERS_MODE) !== 0)
      log.warn({ file }, 'others than its owner may use this host key file: chmod 600');
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof ConfigurationError) throw error;
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw unusable(file, `this host key file cannot be read (${reason})`, 'FILE_UNREADABLE');
  }
}

function unusable(
  file: string,
  message: string,
  code: ConfigurationErrorCode = 'INVALID',
): ConfigurationError {
  return new ConfigurationError(code, file, [{ path: [], message }]);
}

async function openHostKey(data: DataFolder, type: HostKeyType): Promise<HostKey> {
  const names = [FOLDER, `${type}.pem`];
  const { text } = await data.keep(names, () => HostKey.generatePem(type));
  try {
    return HostKey.fromPem(text);
  } catch (cause) {
    const path = data.pathOf(...names);
    throw new DataFolderError(
      `${path}: is not a private key in PEM form; restore it, or remove it to get a new one`,
      {
        cause,
      },
    );
  }
}
