/** WinSCP's behaviour, reproduced: its requests in its order, over OpenSSH's transport. The program itself runs on Windows. */

import type { Client, ClientSession } from '../client.ts';
import { RawSftp } from '../imitations/raw-sftp.ts';
import { WinScpSession } from '../imitations/winscp.ts';
import { OPENSSH_CREDENTIALS, openSshCommand, openSshVersion } from './openssh.ts';

/** WinSCP offers up to 6 and takes what it gets. */
const HIGHEST_VERSION = 6;

export const winScp: Client = {
  name: 'like WinSCP',
  keyType: 'ed25519',
  credentials: OPENSSH_CREDENTIALS,
  depth: 'brief',
  version: async (context) => `over ${await openSshVersion(context)}`,
  async open(login) {
    const args = ['-p', String(login.port), '-s', `${login.userName}@${login.host}`, 'sftp'];
    const sftp = await RawSftp.open(await openSshCommand('ssh', args, login), HIGHEST_VERSION);
    return session(sftp, await WinScpSession.begin(sftp));
  },
};

function session(sftp: RawSftp, winScp: WinScpSession): ClientSession {
  return {
    list: async (directory) => (await winScp.list(directory)).map(({ name }) => name),
    put: (local, remote) => winScp.put(local, remote),
    get: (remote, local) => winScp.get(remote, local),
    resumePut: (local, remote) => winScp.resumePut(local, remote),
    resumeGet: (remote, local) => winScp.resumeGet(remote, local),
    rename: (from, to) => winScp.rename(from, to),
    makeDirectories: (directory) => winScp.makeDirectories(directory),
    putTree: (local, remote) => winScp.putTree(local, remote),
    getTree: (remote, local) => winScp.getTree(remote, local),
    remove: (file) => winScp.remove(file),
    removeDirectory: (directory) => winScp.removeDirectory(directory),
    removeTree: (directory) => winScp.removeTree(directory),
    hash: (file) => winScp.hash(file),
    freeBytes: (directory) => winScp.freeBytes(directory),
    [Symbol.asyncDispose]: () => sftp[Symbol.asyncDispose](),
  };
}
