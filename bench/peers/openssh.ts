/** OpenSSH's sshd with `internal-sftp`: the measure of all rows. */

import { isSshdInstalled, SSHD, sshdVersion, startSshd } from '../../test/interop/lab/sshd.ts';
import type { Peer } from '../peer.ts';

/** The goals are set against OpenSSH 10, which few distributions have: the path of another sshd. */
const PROGRAM = process.env.DRAWBRIDGE_BENCH_SSHD ?? SSHD;

export const openssh: Peer = {
  name: 'OpenSSH',
  receiveWindowBytes: 2 * 2 ** 20,
  hasProcessPerConnection: true,
  async whyAbsent() {
    return (await isSshdInstalled(PROGRAM)) ? undefined : `there is no ${PROGRAM}`;
  },
  async start({ folder, filesFolder, key, signal }) {
    const running = await startSshd(folder, [key.publicKey], signal, PROGRAM);
    const { host, port, userName } = running;
    return {
      version: await sshdVersion(folder, signal, PROGRAM),
      address: { host, port, userName, remoteFolder: `${filesFolder}/` },
      processId: running.server.processId,
      [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
    };
  },
};
