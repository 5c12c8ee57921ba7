/** What the listing of a large folder is measured by, over SFTP and in S3. */

import { measure, type Usage } from './measure.ts';
import type { ProcessTree } from './process-tree.ts';
import type { Metric } from './row.ts';
import { BYTES_PER_MIB, MS_PER_SECOND } from './units.ts';

export const LISTING_METRICS: readonly Metric[] = [
  { name: 'ms', better: 'lower', decimals: 0 },
  { name: 'ms to the first entry', better: 'lower', decimals: 1 },
  { name: 'server CPU ms', better: 'lower', decimals: 0 },
  { name: 'server peak RSS MiB', better: 'lower', decimals: 0 },
];

interface Listing {
  readonly seconds: number;
  readonly firstSeconds: number;
}

/** The figures of `LISTING_METRICS`, in their order, and what else was measured. */
export async function measureListing(
  tree: ProcessTree,
  list: () => Promise<Listing>,
): Promise<{ readonly figures: readonly number[]; readonly usage: Usage }> {
  let firstSeconds = 0;
  const usage = await measure(tree, async () => {
    const listing = await list();
    firstSeconds = listing.firstSeconds;
    return listing.seconds;
  });
  const figures = [
    usage.seconds * MS_PER_SECOND,
    firstSeconds * MS_PER_SECOND,
    usage.serverCpuSeconds * MS_PER_SECOND,
    usage.serverPeakBytes / BYTES_PER_MIB,
  ];
  return { figures, usage };
}
