/** OpenSSH's `sftp` in batch mode: the one in the path, and a newer one where the run is told of it. */

import path from 'node:path';
import type { Client, ClientSession, Login } from '../client.ts';
import { runSuccessfully } from '../lab/command.ts';
import { OPENSSH_CREDENTIALS, openSshCommand, openSshVersion } from './openssh.ts';
import { pathAndParents, withoutConnection } from './program.ts';

/** The names of two programs of one OpenSSH. */
interface Programs {
  readonly ssh: string;
  readonly sftp: string;
}

export const opensshSftp: Client = {
  ...sftpClient('sftp', { ssh: 'ssh', sftp: 'sftp' }),
  depth: 'deep',
};

/** @param folder where `ssh` and `sftp` of another release are */
export function otherOpenSsh(folder: string): Client {
  return {
    ...sftpClient('new sftp', { ssh: path.join(folder, 'ssh'), sftp: path.join(folder, 'sftp') }),
    depth: 'brief',
  };
}

function sftpClient(name: string, programs: Programs): Client {
  return {
    name,
    keyType: 'ed25519',
    credentials: OPENSSH_CREDENTIALS,
    version: (context) => openSshVersion(context, programs.ssh),
    open: (login) => Promise.resolve(sftpSession((lines) => runBatch(login, programs, lines))),
  };
}

/** @param run runs these lines of a batch and returns what was printed */
export function sftpSession(run: (lines: readonly string[]) => Promise<string>): ClientSession {
  const batch = (...lines: readonly string[]) => run(lines);
  return withoutConnection({
    async list(directory) {
      const output = await batch(`cd ${quote(directory)}`, 'ls -1a');
      // In batch mode sftp repeats every command behind its prompt.
      return output.split('\n').filter((line) => line !== '' && !line.startsWith('sftp>'));
    },
    put: async (local, remote) => void (await batch(`put ${quote(local)} ${quote(remote)}`)),
    get: async (remote, local) => void (await batch(`get ${quote(remote)} ${quote(local)}`)),
    resumePut: async (local, remote) => void (await batch(`reput ${quote(local)} ${quote(remote)}`)),
    resumeGet: async (remote, local) => void (await batch(`reget ${quote(remote)} ${quote(local)}`)),
    rename: async (from, to) => void (await batch(`rename ${quote(from)} ${quote(to)}`)),
    // A leading '-' lets the batch go on where a parent is there already.
    makeDirectories: async (directory) =>
      void (await batch(...pathAndParents(directory).map((parent) => `-mkdir ${quote(parent)}`))),
    putTree: async (local, remote) => void (await batch(`put -r ${quote(local)} ${quote(remote)}`)),
    getTree: async (remote, local) => void (await batch(`get -r ${quote(remote)} ${quote(local)}`)),
    remove: async (file) => void (await batch(`rm ${quote(file)}`)),
    removeDirectory: async (directory) => void (await batch(`rmdir ${quote(directory)}`)),
    async freeBytes(directory) {
      // Size, used, available: in KiB.
      const [, kibibytes] = /^ +\d+ +\d+ +(\d+) /m.exec(await batch(`df ${quote(directory)}`)) ?? [];
      return Number(kibibytes) * 1024;
    },
  });
}

async function runBatch(login: Login, { ssh, sftp }: Programs, lines: readonly string[]): Promise<string> {
  const args = ['-S', ssh, '-b', '-', '-P', String(login.port), `${login.userName}@${login.host}`];
  const result = await runSuccessfully({
    ...(await openSshCommand(sftp, args, login)),
    input: lines.map((line) => `${line}\n`).join(''),
  });
  return result.output;
}

function quote(name: string): string {
  return `"${name.replace(/["\\]/g, '\\$&')}"`;
}
