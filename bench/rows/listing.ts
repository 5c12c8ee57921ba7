/** A large folder listed to its end, attributes and all, one READDIR at a time as the usual clients do. */

import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { runSuccessfully } from '../../test/interop/lab/command.ts';
import { cleanEnvironment } from '../../test/interop/lab/environment.ts';
import { LISTING_METRICS, measureListing } from '../listing-usage.ts';
import { LoadClient } from '../load-client.ts';
import type { Task } from '../row.ts';
import type { Contestant, SftpRow } from '../sftp-contestant.ts';

const FOLDER = 'entries';
const MAKE_TIMEOUT_MS = 60_000;

export const LISTING_ROW: SftpRow = {
  name: 'listing',
  metrics: LISTING_METRICS,
  whyAbsent: LoadClient.whyAbsent,
  async prepare(filesFolder, { workload }) {
    const folder = path.join(filesFolder, FOLDER);
    await mkdir(folder);
    await runSuccessfully({
      program: 'bash',
      args: ['-c', 'seq -f entry-%06.0f "$1" | xargs touch', 'bash', String(workload.entryCount)],
      workingDirectory: folder,
      environment: cleanEnvironment(filesFolder),
      signal: AbortSignal.timeout(MAKE_TIMEOUT_MS),
    });
  },
  async verify(contestant, task) {
    await list(contestant, task);
    return undefined;
  },
  async run(contestant, task) {
    const { figures } = await measureListing(contestant.tree, () => list(contestant, task));
    return figures;
  },
};

/** @throws Error when an entry is missing or comes twice. */
async function list({ loadClient }: Contestant, { workload }: Task) {
  const step = await loadClient.list(FOLDER);
  if (step.entries !== workload.entryCount) throw new Error(`the listing has ${step.entries} entries`);
  return step;
}
