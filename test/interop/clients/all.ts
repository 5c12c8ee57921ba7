/** Every client of the matrix, in the order of its columns. */

import type { Client } from '../client.ts';
import { asyncssh } from './asyncssh.ts';
import { curl } from './curl.ts';
import { dbclient } from './dbclient.ts';
import { fileZilla } from './filezilla.ts';
import { jsch, mina, sshj } from './java.ts';
import { lftp } from './lftp.ts';
import { opensshScp } from './openssh-scp.ts';
import { opensshSftp, otherOpenSsh } from './openssh-sftp.ts';
import { paramiko } from './paramiko.ts';
import { pkgSftp } from './pkg-sftp.ts';
import { psftp } from './psftp.ts';
import { rclone } from './rclone.ts';
import { ssh2SftpClient } from './ssh2-sftp-client.ts';
import { sshfs } from './sshfs.ts';
import { winScp } from './winscp.ts';

/** The folder of another OpenSSH's programs, newer than the machine's; without it that client takes no part. */
const { DRAWBRIDGE_OPENSSH10 } = process.env;

export const CLIENTS: readonly Client[] = [
  opensshSftp,
  ...(DRAWBRIDGE_OPENSSH10 === undefined ? [] : [otherOpenSsh(DRAWBRIDGE_OPENSSH10)]),
  opensshScp,
  psftp,
  winScp,
  fileZilla,
  lftp,
  curl,
  rclone,
  sshfs,
  dbclient,
  paramiko,
  asyncssh,
  jsch,
  sshj,
  mina,
  pkgSftp,
  ssh2SftpClient,
];
