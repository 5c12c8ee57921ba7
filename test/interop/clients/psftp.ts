/** PuTTY's `psftp` with a script. */

import { access, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Client, ClientSession, Login } from '../client.ts';
import { runSuccessfully } from '../lab/command.ts';
import { pathAndParents, programVersion, withoutConnection } from './program.ts';

/**
 * Without a terminal psftp takes answers from standard input, and for each question all that is there: they must come one by
 * one. -batch would forbid questions.
 */
const ANSWERING = `while IFS= read -r answer; do printf '%s\\n' "$answer"; sleep 0.7; done | psftp "$@"`;
/** Fields before the name in a line of `ls`: mode, links, owner, group, size, month, day, time. */
const LONG_NAME = /^[-dlpscb][-rwxsStT]{9}\S*(?:\s+\S+){7}\s(.+)$/;

export const psftp: Client = {
  name: 'psftp',
  keyType: 'rsa',
  credentials: ['password', 'key', 'key and password', 'prompts'],
  async version(context) {
    await programVersion({ program: 'puttygen', args: ['-V'], ...context }, /puttygen/);
    return programVersion({ program: 'psftp', args: ['-V'], ...context }, /Release (\S+)/);
  },
  async open(login) {
    return session(login, await credentialArguments(login));
  },
};

function session(login: Login, credential: readonly string[]): ClientSession {
  const batch = (...lines: readonly string[]) => runBatch(login, credential, lines, []);
  return withoutConnection({
    async list(directory) {
      const lines = (await batch(`ls ${quote(directory)}`)).split('\n');
      return lines.map((line) => LONG_NAME.exec(line)?.[1]).filter((name) => name !== undefined);
    },
    put: async (local, remote) => void (await batch(`put ${quote(local)} ${quote(remote)}`)),
    get: async (remote, local) => void (await batch(`get ${quote(remote)} ${quote(local)}`)),
    resumePut: async (local, remote) => void (await batch(`reput ${quote(local)} ${quote(remote)}`)),
    resumeGet: async (remote, local) => void (await batch(`reget ${quote(remote)} ${quote(local)}`)),
    rename: async (from, to) => void (await batch(`mv ${quote(from)} ${quote(to)}`)),
    makeDirectories: async (directory) => {
      const lines = pathAndParents(directory).map((parent) => `mkdir ${quote(parent)}`);
      // -be: go on where a parent is there already.
      await runBatch(login, credential, lines, ['-be']);
    },
    putTree: async (local, remote) => void (await batch(`put -r ${quote(local)} ${quote(remote)}`)),
    getTree: async (remote, local) => void (await batch(`get -r ${quote(remote)} ${quote(local)}`)),
    remove: async (file) => void (await batch(`rm ${quote(file)}`)),
    removeDirectory: async (directory) => void (await batch(`rmdir ${quote(directory)}`)),
  });
}

async function runBatch(
  login: Login,
  credential: readonly string[],
  lines: readonly string[],
  moreOptions: readonly string[],
): Promise<string> {
  const script = path.join(login.scratch, 'psftp.script');
  await writeFile(script, `${lines.join('\n')}\n`);
  const hostKeys = login.hostKeyFingerprints.flatMap((fingerprint) => ['-hostkey', fingerprint]);
  const address = ['-P', String(login.port), '-l', login.userName, login.host];
  const answers = 'answers' in login.credential ? login.credential.answers : undefined;
  const options = ['-noagent', ...moreOptions, '-b', script, ...hostKeys, ...credential, ...address];
  const { output } = await runSuccessfully({
    ...(answers === undefined
      ? { program: 'psftp', args: ['-batch', ...options] }
      : { program: 'sh', args: ['-c', ANSWERING, 'psftp', ...options], input: `${answers.join('\n')}\n` }),
    environment: login.environment,
    signal: login.signal,
  });
  return output;
}

async function credentialArguments(login: Login): Promise<readonly string[]> {
  const { credential } = login;
  const options: string[] = [];
  if ('key' in credential) options.push('-i', await puttyKey(credential.key.file, login));
  if ('password' in credential) {
    const file = path.join(login.scratch, 'psftp.password');
    await writeFile(file, `${credential.password}\n`, { mode: 0o600 });
    options.push('-pwfile', file);
  }
  return options;
}

/** Converts the key to PuTTY's own format, once per run. */
async function puttyKey(keyFile: string, login: Login): Promise<string> {
  const converted = `${keyFile}.ppk`;
  const isThere = await access(converted).then(
    () => true,
    () => false,
  );
  if (isThere) return converted;
  await runSuccessfully({
    program: 'puttygen',
    args: [keyFile, '-O', 'private', '-o', converted],
    environment: login.environment,
    signal: login.signal,
  });
  return converted;
}

function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
