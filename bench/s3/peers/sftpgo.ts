/** SFTPGo in its portable mode with a bucket of S3. */

import { USER_NAME } from '../../competitor.ts';
import { sftpgo, startSftpgo } from '../../peers/sftpgo.ts';
import type { S3Peer } from '../contestant.ts';

/** `FilesystemProvider` of SFTPGo. */
const S3_PROVIDER = '1';

export const sftpgoOnS3: S3Peer = {
  name: sftpgo.name,
  whyAbsent: () => sftpgo.whyAbsent(),
  start({ folder, store, key, signal }) {
    const { endpoint, region, bucket, credentials } = store;
    return startSftpgo({
      folder,
      storageArgs: [
        ...['--fs-provider', S3_PROVIDER, '--s3-bucket', bucket, '--s3-region', region],
        ...['--s3-endpoint', endpoint, '--s3-key-prefix', `${USER_NAME}/`, '--s3-force-path-style'],
        ...['--s3-access-key', credentials.accessKeyId, '--s3-access-secret', credentials.secretAccessKey],
      ],
      key,
      signal,
    });
  },
};
