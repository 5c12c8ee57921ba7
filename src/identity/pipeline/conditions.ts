/** Judges the conditions that stand in the record of a user. */

import { Denied } from '../decision.ts';
import type { UserRecord } from '../records/record.ts';
import { Networks } from './networks.ts';
import type { Approach } from './rules.ts';

/** @throws Denied where the record does not let this user in now, here and from there */
export function judgeConditions(record: UserRecord, login: Approach, nowMs: number): void {
  const { enabled, validFromMs, validToMs, protocols, serverIds, sourceNetworks } = record;
  if (enabled !== true) throw new Denied('ACCOUNT_DISABLED', 'By the record.');
  // Compared so that a date which is no number refuses.
  if (validFromMs !== undefined && !(nowMs >= validFromMs))
    throw new Denied('ACCOUNT_EXPIRED', 'Not valid yet.');
  if (validToMs !== undefined && !(nowMs < validToMs))
    throw new Denied('ACCOUNT_EXPIRED', 'Not valid any more.');
  if (protocols?.includes(login.protocol) === false) throw new Denied('PROTOCOL_REFUSED', 'By the record.');
  if (serverIds?.includes(login.serverId) === false) throw new Denied('SERVER_REFUSED', 'By the record.');
  if (sourceNetworks !== undefined && !networksOf(sourceNetworks).includes(login.sourceIp))
    throw new Denied('SOURCE_REFUSED', 'By the record.');
}

function networksOf(texts: readonly string[]): Networks {
  try {
    return new Networks(texts);
  } catch {
    throw new Denied('RECORD_INVALID', 'A network is malformed.');
  }
}
