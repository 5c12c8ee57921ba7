/** A login of one connection with a provider of the test's own (tests only). */

import type { KeyObject } from 'node:crypto';
import { MemoryStorage } from '../../files/storage/memory.ts';
import {
  type Decision,
  type IdentityProvider,
  type IdentityRequest,
  SourceRule,
} from '../../identity/index.ts';
import { compilePolicy } from '../../policy/index.ts';
import { HostKey, type PublicKey } from '../../ssh/index.ts';
import { ActivityLog } from '../../telemetry/activity.ts';
import { createLog } from '../../telemetry/log.ts';
import { Login } from '../login.ts';
import { NOTHING_REVOKED } from '../revocations.ts';
import { DEFAULT_SECURITY_POLICY } from '../security-policies.ts';
import type { ServerSettings } from '../server-settings.ts';

export const ROLE = 'arn:aws:iam::000000000000:role/transfer-user';
export const OTHER_ROLE = 'arn:aws:iam::000000000000:role/another-user';
export const POLICY_ROLE = 'arn:aws:iam::000000000000:role/with-a-policy';
const READ_ONLY = {
  Version: '2012-10-17',
  Statement: { Sid: 'Read', Effect: 'Allow', Action: ['s3:ListBucket', 's3:GetObject'], Resource: '*' },
};
const HOME = {
  HomeDirectoryType: 'LOGICAL',
  HomeDirectoryDetails: '[{"Entry":"/","Target":"/bucket/${transfer:UserName}"}]',
};
export const GRANT = { Role: ROLE, ...HOME };
export const PASSWORD = 'canary-7f3a';
/** What the provider answers to an event. */
export type Answer = (event: ReturnType<IdentityRequest['event']>) => unknown;

export function sshKey(privateKey: KeyObject): PublicKey {
  return new HostKey(privateKey).publicKey;
}

/** An authorized_keys line. */
export function line(publicKey: PublicKey): string {
  return `${publicKey.type} ${publicKey.blob.toString('base64')} comment`;
}

/** A login with a provider that answers as told, and everything that can be seen of it. */
export function setUp(answer: Answer, settings: Partial<ServerSettings> = {}, decision?: Decision) {
  const lines: string[] = [];
  const log = createLog({ level: 'debug', stream: { write: (text: string) => void lines.push(text) } });
  const events: ReturnType<IdentityRequest['event']>[] = [];
  const provider: IdentityProvider = {
    check: async () => undefined,
    authenticate: async (request, { onDecision }) => {
      events.push(request.event());
      if (decision !== undefined) onDecision?.(decision);
      return answer(request.event());
    },
    close: async () => undefined,
  };
  const storage = new MemoryStorage();
  const login = new Login({
    settings: {
      serverId: 's-0123456789abcdef0',
      domain: 'S3',
      provider,
      authenticationMethods: 'PUBLIC_KEY_OR_PASSWORD',
      securityPolicy: DEFAULT_SECURITY_POLICY,
      prompts: 'none',
      trustedAuthorities: [],
      revocations: NOTHING_REVOKED,
      sources: new SourceRule(undefined, undefined),
      preAuthenticationBanner: '',
      postAuthenticationBanner: '',
      partialUploads: 'store',
      directoryListing: 'markers',
      ignoresSetStat: false,
      roles: new Map([
        [ROLE, {}],
        [OTHER_ROLE, {}],
        [POLICY_ROLE, { policy: compilePolicy(READ_ONLY) }],
      ]),
      storages: new Map([['bucket', storage]]),
      fileSystems: new Map(),
      accessPoints: new Map(),
      ...settings,
    },
    sourceIp: '203.0.113.9',
    log,
    activities: new ActivityLog(log),
  });
  const client = new AbortController();
  const attempt = { userName: 'alice', signal: client.signal };
  const abort = () => client.abort();
  const refusals = (): { code: string; user: string }[] =>
    lines.map((text) => JSON.parse(text)).filter((entry) => entry['activity-type'] === 'AUTH_FAILURE');
  return { login, attempt, abort, lines, events, refusals };
}
