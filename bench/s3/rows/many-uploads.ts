/** Uploads of many sessions at once: the memory of a server, which must not grow with them. */

import { rm } from 'node:fs/promises';
import path from 'node:path';
import { assertSameFile } from '../../files.ts';
import { measure } from '../../measure.ts';
import { BYTES_PER_GB, BYTES_PER_MB, BYTES_PER_MIB } from '../../units.ts';
import { type S3Row, whyStoreAbsent } from '../contestant.ts';

const STORE = 'versitygw';
const UPLOAD_COUNT = 50;

export const MANY_UPLOADS_ROW: S3Row = {
  name: `${UPLOAD_COUNT} uploads at once`,
  metrics: [
    { name: 'peak RSS of the server process, MiB', better: 'lower', decimals: 0 },
    { name: 'with all its processes, MiB', better: 'lower', decimals: 0 },
    { name: 'MB/s', better: 'higher', decimals: 0 },
    { name: 'server CPU s/GB', better: 'lower', decimals: 2 },
  ],
  store: STORE,
  // Memory that a run has left in a process counts for the next one.
  needsFreshServers: true,
  whyAbsent: () => whyStoreAbsent(STORE),
  async verify({ mover, store }, { source }) {
    await mover.put(source.small.path, 'proof');
    await assertSameFile(path.join(store.homeFolder, 'proof'), source.small);
    return undefined;
  },
  async run({ mover, tree, store }, { source }) {
    const { medium } = source;
    const names = Array.from({ length: UPLOAD_COUNT }, (_, index) => `upload-${index}`);
    const usage = await measure(tree, async () => {
      const seconds = await Promise.all(names.map((name) => mover.put(medium.path, name)));
      return Math.max(...seconds);
    });
    for (const name of names) {
      const stored = path.join(store.homeFolder, name);
      await assertSameFile(stored, medium);
      await rm(stored);
    }
    const sizeBytes = medium.sizeBytes * UPLOAD_COUNT;
    return [
      usage.firstProcessPeakBytes / BYTES_PER_MIB,
      usage.serverPeakBytes / BYTES_PER_MIB,
      sizeBytes / BYTES_PER_MB / usage.seconds,
      usage.serverCpuSeconds / (sizeBytes / BYTES_PER_GB),
    ];
  },
};
