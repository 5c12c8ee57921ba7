/** What `npm run bench -- NAME` measures: rows and peers. The first peer is ours, the last one is the measure. */

import type { Peer } from './peer.ts';
import { drawbridge } from './peers/drawbridge.ts';
import { openssh } from './peers/openssh.ts';
import type { Row } from './row.ts';
import { transferRows } from './rows/transfer.ts';

export interface Suite {
  readonly peers: readonly Peer[];
  readonly rows: readonly Row[];
}

export const SUITES: Readonly<Record<string, Suite>> = {
  sftp: {
    peers: [drawbridge, openssh],
    rows: [...transferRows('aes128-gcm@openssh.com'), ...transferRows(undefined)],
  },
};
