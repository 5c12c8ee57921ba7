/** ProFTPD with `mod_sftp`, a process for each connection. */

import { access, chmod, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import path from 'node:path';
import { runSuccessfully } from '../../test/interop/lab/command.ts';
import { cleanEnvironment } from '../../test/interop/lab/environment.ts';
import { generateKey } from '../../test/interop/lab/keys.ts';
import { freePort } from '../../test/interop/lab/port.ts';
import { USER_NAME } from '../competitor.ts';
import { findProgram } from '../installed.ts';
import { LOOPBACK, startLocalServer } from '../local-server.ts';
import type { Peer } from '../peer.ts';

const PROGRAM = 'proftpd';
/** Debian's package proftpd-mod-crypto. */
const MODULE = '/usr/lib/proftpd/mod_sftp.so';
const OWNER_ONLY = 0o600;

export const proftpd: Peer = {
  name: 'ProFTPD',
  // SFTPClientMatch can lower it; the default is the largest that SSH knows.
  receiveWindowBytes: 2 ** 32 - 1,
  hasProcessPerConnection: true,
  async whyAbsent() {
    if ((await findProgram(PROGRAM)) === undefined) return 'proftpd is not installed';
    const hasModule = await access(MODULE).then(
      () => true,
      () => false,
    );
    if (!hasModule) return 'its module mod_sftp is not installed';
    return userInfo().uid === 0 ? undefined : 'proftpd has to be started by root';
  },
  async start({ folder, filesFolder, key, signal }) {
    const port = await freePort(LOOPBACK);
    const hostKey = await generateKey(path.join(folder, 'host_key'), 'ed25519', signal);
    const environment = cleanEnvironment(folder);
    const run = (program: string, args: readonly string[]) =>
      runSuccessfully({ program, args, environment, signal });
    const { output: authorizedKeys } = await run('ssh-keygen', [
      '-e',
      '-m',
      'RFC4716',
      '-f',
      `${key.file}.pub`,
    ]);
    await writeFile(path.join(folder, 'authorized_keys'), authorizedKeys, { mode: OWNER_ONLY });
    const { uid, gid } = userInfo();
    const user = `${USER_NAME}:*:${uid}:${gid}::${filesFolder}:/bin/false\n`;
    await writeFile(path.join(folder, 'users'), user, { mode: OWNER_ONLY });
    await writeFile(path.join(folder, 'groups'), `root:x:${gid}:\n`, { mode: OWNER_ONLY });
    await chmod(folder, 0o700);
    const configFile = path.join(folder, 'proftpd.conf');
    await writeFile(configFile, configuration(folder, port, hostKey.file));
    const server = await startLocalServer({ program: PROGRAM, args: ['-n', '-c', configFile], folder, port });
    const { output, errorOutput } = await run(PROGRAM, ['-v']);
    return {
      version: (output + errorOutput).trim(),
      address: { host: LOOPBACK, port, userName: USER_NAME, remoteFolder: `${filesFolder}/` },
      processId: server.processId,
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  },
};

function configuration(folder: string, port: number, hostKeyFile: string): string {
  const inFolder = (name: string) => path.join(folder, name);
  return `
LoadModule mod_sftp.c
ServerName bench
ServerType standalone
DefaultAddress ${LOOPBACK}
SocketBindTight on
Port ${port}
User root
Group root
RootLogin on
RequireValidShell off
AuthOrder mod_auth_file.c
AuthUserFile ${inFolder('users')}
AuthGroupFile ${inFolder('groups')}
UseReverseDNS off
UseIPv6 off
Umask 022
AllowOverwrite on
MaxInstances none
WtmpLog off
TransferLog none
DelayEngine off
PidFile ${inFolder('pid')}
ScoreboardFile ${inFolder('scoreboard')}
SystemLog ${inFolder('system.log')}
SFTPEngine on
SFTPLog ${inFolder('sftp.log')}
SFTPHostKey ${hostKeyFile}
SFTPAuthMethods publickey
SFTPAuthorizedUserKeys file:${inFolder('authorized_keys')}
`;
}
