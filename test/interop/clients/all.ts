/** Every client of the matrix, in the order of its columns. */

import type { Client } from '../client.ts';
import { asyncssh } from './asyncssh.ts';
import { curl } from './curl.ts';
import { lftp } from './lftp.ts';
import { opensshScp } from './openssh-scp.ts';
import { opensshSftp } from './openssh-sftp.ts';
import { paramiko } from './paramiko.ts';
import { psftp } from './psftp.ts';
import { rclone } from './rclone.ts';
import { sshfs } from './sshfs.ts';

export const CLIENTS: readonly Client[] = [
  opensshSftp,
  opensshScp,
  psftp,
  lftp,
  curl,
  rclone,
  sshfs,
  paramiko,
  asyncssh,
];
