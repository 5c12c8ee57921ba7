/** `rclone` with an `sftp` remote, which is Go's x/crypto/ssh and pkg/sftp. */

import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import {
  type Client,
  type ClientSession,
  cannot,
  type Login,
  PLAIN_CREDENTIALS,
  plainCredential,
} from '../client.ts';
import { runSuccessfully } from '../lab/command.ts';
import { programVersion, withoutConnection } from './program.ts';

const About = z.object({ free: z.number() });
const NO_RESUME = 'rclone starts a broken transfer again';

export const rclone: Client = {
  name: 'rclone',
  keyType: 'ed25519',
  credentials: PLAIN_CREDENTIALS,
  version: (context) => programVersion({ program: 'rclone', args: ['version'], ...context }, /rclone v(\S+)/),
  async open(login) {
    const file = path.join(login.scratch, 'rclone.conf');
    await writeFile(file, await configuration(login), { mode: 0o600 });
    return session(login, file);
  },
};

function session(login: Login, configFile: string): ClientSession {
  const run = async (...args: readonly string[]) => {
    const settings = ['--config', configFile, '--retries', '1', '--low-level-retries', '1'];
    const result = await runRclone(login, [...settings, ...args]);
    return result.output;
  };
  const at = (remote: string) => `target:${remote}`;
  return withoutConnection({
    async list(directory) {
      const lines = (await run('lsf', at(directory))).split('\n').filter((line) => line !== '');
      return lines.map((line) => line.replace(/\/$/, ''));
    },
    put: async (local, remote) => void (await run('copyto', '--ignore-times', local, at(remote))),
    get: async (remote, local) => void (await run('copyto', '--ignore-times', at(remote), local)),
    resumePut: cannot(NO_RESUME),
    resumeGet: cannot(NO_RESUME),
    rename: async (from, to) => void (await run('moveto', at(from), at(to))),
    makeDirectories: async (directory) => void (await run('mkdir', at(directory))),
    async putTree(local, remote) {
      await run('copy', '--create-empty-src-dirs', local, at(remote));
      // By the hashes that the server computes.
      await run('check', local, at(remote));
    },
    getTree: async (remote, local) => void (await run('copy', '--create-empty-src-dirs', at(remote), local)),
    remove: async (file) => void (await run('deletefile', at(file))),
    removeDirectory: async (directory) => void (await run('rmdir', at(directory))),
    removeTree: async (directory) => void (await run('purge', at(directory))),
    // rclone runs `md5sum` on the server.
    hashAlgorithm: 'md5',
    hash: async (file) => (await run('hashsum', 'md5', at(file))).split(' ')[0] ?? '',
    freeBytes: async (directory) => About.parse(JSON.parse(await run('about', '--json', at(directory)))).free,
  });
}

async function configuration(login: Login): Promise<string> {
  const credential = plainCredential(login);
  const secret =
    credential.kind === 'password'
      ? `pass = ${await obscured(credential.password, login)}`
      : `key_file = ${credential.key.file}`;
  return [
    '[target]',
    'type = sftp',
    `host = ${login.host}`,
    `port = ${login.port}`,
    `user = ${login.userName}`,
    `known_hosts_file = ${login.knownHostsFile}`,
    secret,
    '',
  ].join('\n');
}

/** rclone's configuration takes passwords in a reversible form of its own. */
async function obscured(password: string, login: Login): Promise<string> {
  const result = await runRclone(login, ['obscure', '-'], password);
  return result.output.trim();
}

function runRclone(login: Login, args: readonly string[], input = '') {
  const { environment, signal } = login;
  return runSuccessfully({ program: 'rclone', args, environment, signal, input });
}
