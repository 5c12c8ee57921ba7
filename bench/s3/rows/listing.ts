/** A folder with very many keys, listed to its end. */

import { link } from 'node:fs/promises';
import path from 'node:path';
import { runSuccessfully } from '../../../test/interop/lab/command.ts';
import { cleanEnvironment } from '../../../test/interop/lab/environment.ts';
import { type Start, USER_NAME } from '../../competitor.ts';
import { LISTING_METRICS, measureListing } from '../../listing-usage.ts';
import { LoadClient } from '../../load-client.ts';
import { BYTES_PER_MIB } from '../../units.ts';
import { type S3Contestant, type S3Row, type Store, whyStoreAbsent } from '../contestant.ts';
import { putEmptyObject } from '../empty-object.ts';

/** versitygw reads and sorts the whole folder for every page of 1000 keys. */
const STORE = 'minio';
const FOLDER = 'entries';
const WARM_UP_FOLDER = 'other-entries';
const WARM_UP_ENTRIES = 5000;
const FIRST_NAME = 'entry-000000';
/** MinIO keeps an object as a folder of its name with this file, in which the name does not occur. */
const OBJECT_FILE = 'xl.meta';
const MAKE_TIMEOUT_MS = 120_000;

export const S3_LISTING_ROW: S3Row = {
  name: 'listing',
  metrics: [...LISTING_METRICS, { name: 'of it during the listing, MiB', better: 'lower', decimals: 0 }],
  store: STORE,
  whyAbsent: async () => (await whyStoreAbsent(STORE)) ?? (await LoadClient.whyAbsent()),
  // Some remember what they have listed.
  needsFreshServers: true,
  async prepare(store, start) {
    await fillFolder(store, WARM_UP_FOLDER, WARM_UP_ENTRIES, start);
    await fillFolder(store, FOLDER, start.task.workload.entryCount, start);
  },
  async verify(contestant) {
    await list(contestant, WARM_UP_FOLDER, WARM_UP_ENTRIES);
    return undefined;
  },
  async run(contestant, { workload }) {
    const { figures, usage } = await measureListing(contestant.tree, () =>
      list(contestant, FOLDER, workload.entryCount),
    );
    return [...figures, usage.serverGrowthBytes / BYTES_PER_MIB];
  },
};

async function fillFolder(
  { server, homeFolder }: Store,
  name: string,
  entryCount: number,
  { signal }: Start,
): Promise<void> {
  await putEmptyObject(server, `${USER_NAME}/${name}/${FIRST_NAME}`);
  const folder = path.join(homeFolder, name);
  await runSuccessfully({
    program: 'bash',
    args: ['-c', 'seq -f entry-%06.0f 1 "$1" | xargs mkdir', 'bash', String(entryCount - 1)],
    workingDirectory: folder,
    environment: cleanEnvironment(homeFolder),
    signal: AbortSignal.any([signal, AbortSignal.timeout(MAKE_TIMEOUT_MS)]),
  });
  const first = path.join(folder, FIRST_NAME, OBJECT_FILE);
  for (let index = 1; index < entryCount; index += 1) {
    await link(first, path.join(folder, `entry-${String(index).padStart(6, '0')}`, OBJECT_FILE));
  }
}

/** @throws Error when an entry is missing or comes twice. */
async function list({ mover }: S3Contestant, folder: string, entryCount: number) {
  const listing = await mover.list(folder);
  if (listing.entries !== entryCount) throw new Error(`the listing has ${listing.entries} entries`);
  return listing;
}
