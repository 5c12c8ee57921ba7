/** OpenSSH's sshd with `internal-sftp`: the measure of all rows. */

import { isSshdInstalled, SSHD, sshdVersion, startSshd } from '../../test/interop/lab/sshd.ts';
import type { Peer } from '../peer.ts';

export const openssh: Peer = {
  name: 'OpenSSH',
  async whyAbsent() {
    return (await isSshdInstalled()) ? undefined : `there is no ${SSHD}`;
  },
  async start({ folder, filesFolder, key, signal }) {
    const running = await startSshd(folder, [key.publicKey], signal);
    return {
      version: await sshdVersion(folder, signal),
      host: running.host,
      port: running.port,
      userName: running.userName,
      processId: running.server.processId,
      remoteFolder: `${filesFolder}/`,
      filesFolder,
      [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
    };
  },
};
