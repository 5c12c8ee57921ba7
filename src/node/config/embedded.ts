/** The configuration that is used when there is no file: one server with a demo user, all of it in the data folder. */

import { join } from 'node:path';

export const DEMO_ROLE = 'arn:aws:iam::000000000000:role/transfer-user';
export const DEMO_FUNCTION = 'arn:aws:lambda:us-east-1:000000000000:function:demo';
export const DEMO_BUCKET = 'demo-bucket';

/** As a file would say it. The files it names are made at first start. */
export function embeddedConfiguration(dataFolder: string): unknown {
  return {
    data: dataFolder,
    storage: { buckets: { [DEMO_BUCKET]: { path: join(dataFolder, 'buckets', DEMO_BUCKET) } } },
    roles: { [DEMO_ROLE]: {} },
    functions: { [DEMO_FUNCTION]: { module: join(dataFolder, 'functions', 'demo.mjs') } },
    servers: [
      {
        Protocols: ['SFTP'],
        Domain: 'S3',
        IdentityProviderType: 'AWS_LAMBDA',
        IdentityProviderDetails: { Function: DEMO_FUNCTION },
        listen: { SFTP: '127.0.0.1:2222' },
      },
    ],
  };
}
