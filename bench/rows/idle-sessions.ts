/** What a session costs that does nothing: many of them, each with an open SFTP channel. */

import { setTimeout as delay } from 'node:timers/promises';
import { LoadClient } from '../load-client.ts';
import type { Task } from '../row.ts';
import type { Contestant, SftpRow } from '../sftp-contestant.ts';
import { BYTES_PER_KIB } from '../units.ts';

/** Before the sessions, so that helpers and code that a server keeps for all of them do not count for them. */
const WARM_UP_LOGINS = 600;
/** For a server to give back what only the logins needed. */
const SETTLE_MS = 3000;

export const IDLE_SESSIONS_ROW: SftpRow = {
  name: 'idle sessions',
  metrics: [
    { name: 'KiB per session (PSS)', better: 'lower', decimals: 0 },
    { name: 'sessions', better: 'higher', decimals: 0 },
  ],
  needsFreshServers: true,
  whyAbsent: LoadClient.whyAbsent,
  async verify({ loadClient }) {
    await loadClient.login(WARM_UP_LOGINS);
    return undefined;
  },
  async run(contestant, task) {
    const count = sessionCount(contestant, task);
    await delay(SETTLE_MS);
    const before = await contestant.tree.proportionalBytes();
    const after = await contestant.loadClient.whileHolding(count, async () => {
      await delay(SETTLE_MS, undefined, { signal: contestant.signal });
      return contestant.tree.proportionalBytes();
    });
    return [(after - before) / count / BYTES_PER_KIB, count];
  },
};

function sessionCount({ peer }: Contestant, { workload }: Task): number {
  return peer.hasProcessPerConnection ? workload.forkedSessionCount : workload.sessionCount;
}
