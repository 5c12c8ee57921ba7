/** One large file into the bucket and out of it. */

import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { assertSameFile } from '../../files.ts';
import { measure, type Usage } from '../../measure.ts';
import type { Metric, Task } from '../../row.ts';
import { BYTES_PER_GB, BYTES_PER_MB, BYTES_PER_MIB } from '../../units.ts';
import { type S3Contestant, type S3Row, whyStoreAbsent } from '../contestant.ts';

const STORE = 'versitygw';
const METRICS: readonly Metric[] = [
  { name: 'MB/s', better: 'higher', decimals: 0 },
  { name: 'server CPU s/GB', better: 'lower', decimals: 2 },
  { name: 'server peak RSS MiB', better: 'lower', decimals: 0 },
];

export const S3_TRANSFER_ROWS: readonly S3Row[] = [
  {
    name: 'put, 1 file',
    metrics: METRICS,
    store: STORE,
    whyAbsent: () => whyStoreAbsent(STORE),
    verify,
    async run({ mover, tree, store }, { source }) {
      const usage = await measure(tree, () => mover.put(source.large.path, 'stored'));
      await rm(path.join(store.homeFolder, 'stored'));
      return metricValues(usage, source.large.sizeBytes);
    },
  },
  {
    name: 'get, 1 file',
    metrics: METRICS,
    store: STORE,
    whyAbsent: () => whyStoreAbsent(STORE),
    async verify(contestant, task) {
      // Put there through S3: what lies in the folder otherwise is an object without an ETag.
      await contestant.mover.put(task.source.large.path, 'stored');
      return verify(contestant, task);
    },
    async run({ mover, tree, clientFolder }, { source }) {
      const fetched = path.join(clientFolder, 'fetched');
      await mkdir(fetched);
      const usage = await measure(tree, () => mover.get('stored', path.join(fetched, 'file')));
      await rm(fetched, { recursive: true });
      return metricValues(usage, source.large.sizeBytes);
    },
  },
];

/** Several parts there and back. */
async function verify({ mover, store, clientFolder }: S3Contestant, { source }: Task): Promise<undefined> {
  const { medium } = source;
  await mover.put(medium.path, 'proof');
  await assertSameFile(path.join(store.homeFolder, 'proof'), medium);
  const fetched = path.join(clientFolder, 'proof');
  await mover.get('proof', fetched);
  await assertSameFile(fetched, medium);
  await rm(fetched);
}

function metricValues(usage: Usage, sizeBytes: number): readonly number[] {
  return [
    sizeBytes / BYTES_PER_MB / usage.seconds,
    usage.serverCpuSeconds / (sizeBytes / BYTES_PER_GB),
    usage.serverPeakBytes / BYTES_PER_MIB,
  ];
}
