/** `rclone serve sftp` on a bucket. It stores what it gets without a file between, as it does by default. */

import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { USER_NAME } from '../../competitor.ts';
import { rclone, startRclone } from '../../peers/rclone.ts';
import type { S3Peer } from '../contestant.ts';

const REMOTE = 'bucket';

export const rcloneOnS3: S3Peer = {
  name: rclone.name,
  whyAbsent: () => rclone.whyAbsent(),
  async start({ folder, store, key, signal }) {
    const { endpoint, region, bucket, credentials } = store;
    const settings = {
      type: 's3',
      provider: 'Other',
      endpoint,
      region,
      access_key_id: credentials.accessKeyId,
      secret_access_key: credentials.secretAccessKey,
      force_path_style: 'true',
      no_check_bucket: 'true',
    };
    const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}\n`);
    // 0600: it holds the secret.
    await writeFile(path.join(folder, 'rclone.conf'), `[${REMOTE}]\n${lines.join('')}`, { mode: 0o600 });
    return startRclone({
      folder,
      served: `${REMOTE}:${bucket}/${USER_NAME}`,
      // `off` streams an upload into parts; every other mode writes a file first and answers CLOSE before it is stored.
      // Not all services say 100 Continue, and waiting for it costs a second for each part. Writes that overtook others wait
      // a second for them, which is too short on a busy machine.
      moreArgs: [
        ...['--vfs-cache-mode', 'off', '--expect-continue-timeout', '0'],
        ...['--vfs-write-wait', '60s', '--use-server-modtime'],
      ],
      key,
      signal,
    });
  },
};
