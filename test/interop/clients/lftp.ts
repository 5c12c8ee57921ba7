/** `lftp` with a script; it speaks SFTP itself and runs OpenSSH's `ssh` for the transport. */

import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import {
  type Client,
  type ClientSession,
  type Login,
  PLAIN_CREDENTIALS,
  plainCredential,
} from '../client.ts';
import { runSuccessfully } from '../lab/command.ts';
import { programVersion, withoutConnection } from './program.ts';

export const lftp: Client = {
  name: 'lftp',
  keyType: 'rsa',
  credentials: PLAIN_CREDENTIALS,
  version: (context) =>
    programVersion({ program: 'lftp', args: ['--version'], ...context }, /LFTP \| Version (\S+)/),
  open: (login) => Promise.resolve(session(login)),
};

function session(login: Login): ClientSession {
  const script = (...lines: readonly string[]) => runScript(login, lines);
  return withoutConnection({
    async list(directory) {
      const lines = (await script(`cd ${quote(directory)}`, 'cls -1 -a')).split('\n');
      return lines.filter((line) => line !== '').map((line) => line.replace(/\/$/, ''));
    },
    put: async (local, remote) => void (await script(`put ${quote(local)} -o ${quote(remote)}`)),
    get: async (remote, local) => void (await script(`get ${quote(remote)} -o ${quote(local)}`)),
    resumePut: async (local, remote) => void (await script(`put -c ${quote(local)} -o ${quote(remote)}`)),
    resumeGet: async (remote, local) => void (await script(`get -c ${quote(remote)} -o ${quote(local)}`)),
    rename: async (from, to) => void (await script(`mv ${quote(from)} ${quote(to)}`)),
    makeDirectories: async (directory) => void (await script(`mkdir -p ${quote(directory)}`)),
    putTree: async (local, remote) => void (await script(`mirror -R ${quote(local)} ${quote(remote)}`)),
    getTree: async (remote, local) => void (await script(`mirror ${quote(remote)} ${quote(local)}`)),
    remove: async (file) => void (await script(`rm ${quote(file)}`)),
    removeDirectory: async (directory) => void (await script(`rmdir ${quote(directory)}`)),
    removeTree: async (directory) => void (await script(`rm -r ${quote(directory)}`)),
  });
}

async function runScript(login: Login, lines: readonly string[]): Promise<string> {
  const credential = plainCredential(login);
  // lftp asks for a password when it has none, even where the key is enough.
  const password = credential.kind === 'password' ? credential.password : 'unused';
  const file = path.join(login.scratch, 'lftp.script');
  const settings = [
    'set cmd:fail-exit true',
    'set net:max-retries 1',
    'set net:timeout 30',
    'set xfer:clobber true',
    `set sftp:connect-program ${quote(`ssh -a -x -F ${login.sshConfigFile}`)}`,
    `open -u ${quote(login.userName)},${quote(password)} -p ${login.port} sftp://${login.host}`,
  ];
  // 0600: the script holds the password.
  await writeFile(file, [...settings, ...lines, ''].join('\n'), { mode: 0o600 });
  const result = await runSuccessfully({
    program: 'lftp',
    args: ['--norc', '-f', file],
    environment: login.environment,
    signal: login.signal,
  });
  return result.output;
}

function quote(name: string): string {
  return `"${name.replace(/["\\]/g, '\\$&')}"`;
}
