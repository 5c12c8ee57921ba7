/** What `npm run bench -- NAME` measures: rows, peers, goals. */

import type { Competitor } from './competitor.ts';
import { type Goal, S3_GOALS, SFTP_GOALS } from './goals.ts';
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
import { type S3Contestant, type S3Row, s3Competitor } from './s3/contestant.ts';
import { drawbridgeOnS3 } from './s3/peers/drawbridge.ts';
import { rcloneOnS3 } from './s3/peers/rclone.ts';
import { sftpgoOnS3 } from './s3/peers/sftpgo.ts';
import { S3_LISTING_ROW } from './s3/rows/listing.ts';
import { MANY_FILES_ROW } from './s3/rows/many-files.ts';
import { MANY_UPLOADS_ROW } from './s3/rows/many-uploads.ts';
import { POLICY_ROW } from './s3/rows/policy.ts';
import { S3_TRANSFER_ROWS } from './s3/rows/transfer.ts';
import { sdkCompetitor } from './s3/sdk.ts';
import { type Contestant, type SftpRow, sftpCompetitor } from './sftp-contestant.ts';
import {
  FULL_S3_WORKLOAD,
  FULL_WORKLOAD,
  QUICK_S3_WORKLOAD,
  QUICK_WORKLOAD,
  type Workload,
} from './workload.ts';

/** `C` is what its rows work with, `R` what such a row tells of itself. */
export interface Suite<C = unknown, R extends Row<C> = Row<C>> {
  readonly peers: readonly Competitor<C, R>[];
  readonly rows: readonly R[];
  readonly goals: readonly Goal[];
  /** The name of the one that goals are set for. */
  readonly measured: string;
  /** The name of the one that ratios are taken against. */
  readonly measure: string;
  readonly workloads: { readonly full: Workload; readonly quick: Workload };
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

const SFTP: Suite<Contestant, SftpRow> = {
  peers: [drawbridge, openssh, rclone, proftpd, ssh2, sftpgo].map(sftpCompetitor),
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
  measured: drawbridge.name,
  measure: openssh.name,
  workloads: { full: FULL_WORKLOAD, quick: QUICK_WORKLOAD },
};

const S3: Suite<S3Contestant, S3Row> = {
  peers: [s3Competitor(drawbridgeOnS3), sdkCompetitor, s3Competitor(rcloneOnS3), s3Competitor(sftpgoOnS3)],
  rows: [...S3_TRANSFER_ROWS, MANY_UPLOADS_ROW, MANY_FILES_ROW, S3_LISTING_ROW, POLICY_ROW],
  goals: S3_GOALS,
  measured: drawbridgeOnS3.name,
  measure: sdkCompetitor.name,
  workloads: { full: FULL_S3_WORKLOAD, quick: QUICK_S3_WORKLOAD },
};

export const SUITES: Readonly<Record<string, Suite>> = { sftp: SFTP, s3: S3 };
