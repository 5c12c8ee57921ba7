/** A folder of small files up and down in one session: the cost of a file, not of its bytes. */

import { cp, rm } from 'node:fs/promises';
import path from 'node:path';
import { assertSameFolder } from '../files.ts';
import { measure, type Usage } from '../measure.ts';
import type { Metric, Task } from '../row.ts';
import type { SftpRow } from '../sftp-contestant.ts';
import { US_PER_SECOND } from '../units.ts';

const METRICS: readonly Metric[] = [
  { name: 'files/s', better: 'higher', decimals: 0 },
  { name: 'server CPU µs/file', better: 'lower', decimals: 0 },
];
const ALGORITHMS = { cipher: 'aes128-gcm@openssh.com' };
const REMOTE_NAME = 'many';

export const SMALL_FILE_ROWS: readonly SftpRow[] = [
  {
    name: 'put, small files',
    metrics: METRICS,
    async verify({ client, filesFolder }, { source }) {
      await client.putFolder(source.smallFiles, REMOTE_NAME, ALGORITHMS);
      const stored = path.join(filesFolder, REMOTE_NAME, path.basename(source.smallFiles));
      await assertSameFolder(stored, source.smallFiles);
      return undefined;
    },
    async run({ client, filesFolder, tree }, task) {
      const name = `many-${performance.now().toFixed(0)}`;
      const usage = await measure(tree, () => client.putFolder(task.source.smallFiles, name, ALGORITHMS));
      await rm(path.join(filesFolder, name), { recursive: true });
      return metricValues(usage, task);
    },
  },
  {
    name: 'get, small files',
    metrics: METRICS,
    prepare: (filesFolder, { source }) =>
      cp(source.smallFiles, path.join(filesFolder, REMOTE_NAME), { recursive: true }),
    async verify({ client, clientFolder }, { source }) {
      const fetched = path.join(clientFolder, 'verified');
      await client.getFolder(REMOTE_NAME, fetched, ALGORITHMS);
      await assertSameFolder(fetched, source.smallFiles);
      await rm(fetched, { recursive: true });
      return undefined;
    },
    async run({ client, clientFolder, tree }, task) {
      const fetched = path.join(clientFolder, 'fetched');
      const usage = await measure(tree, () => client.getFolder(REMOTE_NAME, fetched, ALGORITHMS));
      await rm(fetched, { recursive: true });
      return metricValues(usage, task);
    },
  },
];

function metricValues(usage: Usage, { workload }: Task): readonly number[] {
  const { smallFileCount } = workload;
  return [smallFileCount / usage.seconds, (usage.serverCpuSeconds / smallFileCount) * US_PER_SECOND];
}
