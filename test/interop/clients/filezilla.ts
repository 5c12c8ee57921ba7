/** FileZilla's behaviour, reproduced over OpenSSH's transport. The program itself has no command line. */

import type { Client, ClientSession, Login } from '../client.ts';
import { FileZillaSession } from '../imitations/filezilla.ts';
import { RawSftp } from '../imitations/raw-sftp.ts';
import { OPENSSH_CREDENTIALS, openSshCommand, openSshVersion } from './openssh.ts';

const VERSION = 3;

export const fileZilla: Client = {
  name: 'like FileZilla',
  keyType: 'ed25519',
  credentials: OPENSSH_CREDENTIALS,
  depth: 'brief',
  version: async (context) => `over ${await openSshVersion(context)}`,
  async open(login) {
    await using opened = new AsyncDisposableStack();
    const browsing = opened.use(await connect(login));
    const transfers = opened.use(await connect(login));
    const fileZilla = await FileZillaSession.begin(browsing, transfers);
    const connections = opened.move();
    return { ...session(fileZilla), [Symbol.asyncDispose]: () => connections.disposeAsync() };
  },
};

async function connect(login: Login): Promise<RawSftp> {
  const args = ['-p', String(login.port), '-s', `${login.userName}@${login.host}`, 'sftp'];
  return RawSftp.open(await openSshCommand('ssh', args, login), VERSION);
}

function session(fileZilla: FileZillaSession): Omit<ClientSession, keyof AsyncDisposable> {
  return {
    list: async (directory) => (await fileZilla.list(directory)).map(({ name }) => name),
    put: (local, remote) => fileZilla.put(local, remote),
    get: (remote, local) => fileZilla.get(remote, local),
    resumePut: (local, remote) => fileZilla.resumePut(local, remote),
    resumeGet: (remote, local) => fileZilla.resumeGet(remote, local),
    rename: (from, to) => fileZilla.rename(from, to),
    makeDirectories: (directory) => fileZilla.makeDirectories(directory),
    putTree: (local, remote) => fileZilla.putTree(local, remote),
    getTree: (remote, local) => fileZilla.getTree(remote, local),
    remove: (file) => fileZilla.remove(file),
    removeDirectory: (directory) => fileZilla.removeDirectory(directory),
    removeTree: (directory) => fileZilla.removeTree(directory),
  };
}
