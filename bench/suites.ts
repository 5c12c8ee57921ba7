/** What `npm run bench -- NAME` measures: rows, peers, goals. */

import { type Goal, SFTP_GOALS } from './goals.ts';
import type { Peer } from './peer.ts';
import { drawbridge } from './peers/drawbridge.ts';
import { openssh } from './peers/openssh.ts';
import { proftpd } from './peers/proftpd.ts';
import { rclone } from './peers/rclone.ts';
import { sftpgo } from './peers/sftpgo.ts';
import { ssh2 } from './peers/ssh2.ts';
import type { Row } from './row.ts';
import { IDLE_SESSIONS_ROW } from './rows/idle-sessions.ts';
import { LISTING_ROW } from './rows/listing.ts';
import { LOGIN_ROW } from './rows/logins.ts';
import { ROUND_TRIP_ROWS } from './rows/round-trip.ts';
import { SMALL_FILE_ROWS } from './rows/small-files.ts';
import { transferRows } from './rows/transfer.ts';

export interface Suite {
  readonly peers: readonly Peer[];
  readonly rows: readonly Row[];
  readonly goals: readonly Goal[];
  /** The peer that goals are set for. */
  readonly measured: Peer;
  /** The peer that ratios are taken against. */
  readonly measure: Peer;
}

const GCM = { title: 'aes128-gcm', algorithms: { cipher: 'aes128-gcm@openssh.com' } };
const CTR = {
  title: 'aes256-ctr with etm',
  algorithms: { cipher: 'aes256-ctr', mac: 'hmac-sha2-256-etm@openssh.com' },
};
const CHACHA20 = {
  title: 'chacha20-poly1305',
  algorithms: { cipher: 'chacha20-poly1305@openssh.com' },
  needsOldAlgorithms: true,
};
const FIRST_CIPHER = { title: "the client's first cipher", algorithms: {} };

export const SUITES: Readonly<Record<string, Suite>> = {
  sftp: {
    peers: [drawbridge, openssh, rclone, proftpd, ssh2, sftpgo],
    rows: [
      ...[GCM, CTR, CHACHA20, FIRST_CIPHER].flatMap((cipher) => transferRows({ ...cipher, streamCount: 1 })),
      ...transferRows({ ...GCM, streamCount: 8 }),
      ...ROUND_TRIP_ROWS,
      LOGIN_ROW,
      ...SMALL_FILE_ROWS,
      LISTING_ROW,
      IDLE_SESSIONS_ROW,
    ],
    goals: SFTP_GOALS,
    measured: drawbridge,
    measure: openssh,
  },
};
