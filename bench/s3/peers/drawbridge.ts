/** Drawbridge with a bucket of S3, at its defaults. */

import { findDrawbridge } from '../../../test/interop/lab/drawbridge.ts';
import { startPeer } from '../../peers/drawbridge.ts';
import type { S3Peer } from '../contestant.ts';

export const drawbridgeOnS3: S3Peer = {
  name: 'Drawbridge',
  async whyAbsent() {
    return (await findDrawbridge()) === undefined ? 'this checkout has no server' : undefined;
  },
  start: ({ folder, store, key }) => startPeer({ folder, bucket: store.configuration(), key }),
};
