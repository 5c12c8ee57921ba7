/** OpenSSH's `scp`, speaking SFTP. */

import { type Client, type ClientSession, cannot, type Login } from '../client.ts';
import { runSuccessfully } from '../lab/command.ts';
import { OPENSSH_CREDENTIALS, openSshCommand, openSshVersion } from './openssh.ts';
import { withoutConnection } from './program.ts';

export const opensshScp: Client = {
  name: 'scp',
  keyType: 'ecdsa',
  credentials: OPENSSH_CREDENTIALS,
  version: (context) => openSshVersion(context),
  open: (login) => Promise.resolve(session(login)),
};

function session(login: Login): ClientSession {
  const remoteName = (remote: string) => `${login.userName}@${login.host}:${remote}`;
  const copy = async (...args: readonly string[]) =>
    // -s: SFTP; the default since OpenSSH 9.0 and asked for here, so that an older scp does not fall back to exec.
    void (await runSuccessfully(
      await openSshCommand('scp', ['-s', '-P', String(login.port), ...args], login),
    ));
  return withoutConnection({
    list: cannot('scp has no listing'),
    put: (local, remote) => copy(local, remoteName(remote)),
    get: (remote, local) => copy(remoteName(remote), local),
    resumePut: cannot('scp cannot resume'),
    resumeGet: cannot('scp cannot resume'),
    rename: cannot('scp cannot rename'),
    makeDirectories: cannot('scp cannot make directories by themselves'),
    putTree: (local, remote) => copy('-r', local, remoteName(remote)),
    getTree: (remote, local) => copy('-r', remoteName(remote), local),
    remove: cannot('scp cannot remove'),
    removeDirectory: cannot('scp cannot remove'),
  });
}
