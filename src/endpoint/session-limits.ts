/** What limits one session: the policy of its role and the policy of its answer, ready to be asked. */

import { SessionAccess } from '../files/access.ts';
import type { SessionGuard } from '../files/guard.ts';
import { readSessionPolicy } from '../files/session-policy.ts';
import { type Grant, type Refused, refused } from '../identity/index.ts';
import type { ServerSettings } from './server-settings.ts';

export interface SessionLimits {
  readonly outcome: 'ready';
  /** Absent where no policy limits the session. */
  readonly guard?: SessionGuard;
  /** JSON text for storages that assume the role, variables replaced. */
  readonly sessionPolicy?: string;
}

export interface LimitedSession {
  readonly grant: Grant;
  readonly settings: Pick<ServerSettings, 'serverId' | 'domain' | 'roles' | 'fileSystems' | 'accessPoints'>;
  /** Address of the client. */
  readonly sourceIp: string;
  readonly sessionId: string;
}

/** Refuses the login when the session policy is not understood. */
export function sessionLimits({
  grant,
  settings,
  sourceIp,
  sessionId,
}: LimitedSession): SessionLimits | Refused {
  const { role, userName, home, posixProfile } = grant;
  const { serverId, domain, roles, fileSystems, accessPoints } = settings;
  const session = grant.policy === undefined ? undefined : readSessionPolicy(grant.policy, home, userName);
  if (session?.outcome === 'unusable') return refused('SESSION_POLICY_UNUSABLE', session.reason);
  const rolePolicy = roles.get(role)?.policy;
  const access = SessionAccess.from({
    principal: { role, userName, sessionId, serverId, sourceIp },
    ...(rolePolicy === undefined ? {} : { rolePolicy }),
    ...(session === undefined ? {} : { sessionPolicy: session.policy }),
  });
  if (access === undefined) return { outcome: 'ready' };
  const uid = posixProfile === undefined ? {} : { uid: posixProfile.uid };
  return {
    outcome: 'ready',
    guard: { access, scope: { domain, role, fileSystems, accessPoints, ...uid } },
    ...(session === undefined ? {} : { sessionPolicy: session.text }),
  };
}
