/** What the checks of all origin texts share. */

import type { KeyPair } from '../../interop/lab/keys.ts';
import type { RunningS3Server } from '../../interop/lab/s3-server.ts';

export interface Lab {
  /** Others may enter it: file systems in it are used with the rights of their users. */
  readonly folder: string;
  /** DynamoDB, Secrets Manager, Cognito and S3, which we did not write. */
  readonly moto: RunningS3Server;
  readonly key: KeyPair;
  /** Whether files can belong to users of their own. */
  readonly isRoot: boolean;
}

/** For the options of providers and sources of profiles, and for clients of the SDK, which write into what they get. */
export function placeOf({ moto: { endpoint, credentials } }: Lab) {
  return { endpoint, credentials: { ...credentials } };
}

export function clientSettings({ moto }: Lab) {
  return { endpoint: moto.endpoint, region: moto.region, credentials: { ...moto.credentials } };
}
