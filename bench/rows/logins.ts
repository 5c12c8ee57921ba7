/** Full logins, eight under way at once, each with an SFTP session that is opened and closed. */

import { LoadClient } from '../load-client.ts';
import { measure } from '../measure.ts';
import type { SftpRow } from '../sftp-contestant.ts';
import { MS_PER_SECOND } from '../units.ts';

/** Enough for a server to start all the helpers it keeps and to compile what it runs often. */
const WARM_UP_LOGINS = 300;

export const LOGIN_ROW: SftpRow = {
  name: 'logins',
  metrics: [
    { name: 'logins/s', better: 'higher', decimals: 0 },
    { name: 'server CPU ms/login', better: 'lower', decimals: 2 },
  ],
  whyAbsent: LoadClient.whyAbsent,
  async verify({ loadClient }) {
    const { kex } = await loadClient.login(WARM_UP_LOGINS);
    return kex;
  },
  async run({ loadClient, tree }, { workload }) {
    const { loginCount } = workload;
    const usage = await measure(tree, async () => (await loadClient.login(loginCount)).seconds);
    return [loginCount / usage.seconds, (usage.serverCpuSeconds / loginCount) * MS_PER_SECOND];
  },
};
