/** A large folder listed to its end, attributes and all, one READDIR at a time as the usual clients do. */

import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { runSuccessfully } from '../../test/interop/lab/command.ts';
import { cleanEnvironment } from '../../test/interop/lab/environment.ts';
import { LoadClient } from '../load-client.ts';
import { measure } from '../measure.ts';
import type { Task } from '../row.ts';
import type { Contestant, SftpRow } from '../sftp-contestant.ts';
import { BYTES_PER_MIB, MS_PER_SECOND } from '../units.ts';

const FOLDER = 'entries';
const MAKE_TIMEOUT_MS = 60_000;

export const LISTING_ROW: SftpRow = {
  name: 'listing',
  metrics: [
    { name: 'ms', better: 'lower', decimals: 0 },
    { name: 'ms to the first entry', better: 'lower', decimals: 1 },
    { name: 'server CPU ms', better: 'lower', decimals: 0 },
    { name: 'server peak RSS MiB', better: 'lower', decimals: 0 },
  ],
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
    let firstSeconds = 0;
    const usage = await measure(contestant.tree, async () => {
      const step = await list(contestant, task);
      firstSeconds = step.firstSeconds;
      return step.seconds;
    });
    return [
      usage.seconds * MS_PER_SECOND,
      firstSeconds * MS_PER_SECOND,
      usage.serverCpuSeconds * MS_PER_SECOND,
      usage.serverPeakBytes / BYTES_PER_MIB,
    ];
  },
};

/** @throws Error when an entry is missing or comes twice. */
async function list({ loadClient }: Contestant, { workload }: Task) {
  const step = await loadClient.list(FOLDER);
  if (step.entries !== workload.entryCount) throw new Error(`the listing has ${step.entries} entries`);
  return step;
}
