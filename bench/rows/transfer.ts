/** One large file up and down with one stream. */

import { rm } from 'node:fs/promises';
import path from 'node:path';
import { hashFile } from '../../test/interop/lab/content.ts';
import { measure, type Usage } from '../measure.ts';
import type { Cipher } from '../openssh-client.ts';
import type { Contestant, Metric, Row, Source } from '../row.ts';

const BYTES_PER_MB = 1e6;
const BYTES_PER_GB = 1e9;
const BYTES_PER_MIB = 2 ** 20;
const REMOTE_NAME = 'large';

const METRICS: readonly Metric[] = [
  { name: 'MB/s', better: 'higher', decimals: 0 },
  { name: 'server CPU s/GB', better: 'lower', decimals: 2 },
  { name: 'server peak RSS MiB', better: 'lower', decimals: 0 },
];

/** The rows of both directions for a cipher; the row's name states it. */
export function transferRows(cipher: Cipher): readonly Row[] {
  // Peers differ in what they let the client choose, and then the figures compare ciphers too.
  const note = ({ client }: Contestant) =>
    cipher === undefined ? client.negotiatedCipher() : Promise.resolve(cipher);
  const cipherName = cipher ?? "the client's first cipher";
  return [
    {
      name: `put, ${cipherName}`,
      metrics: METRICS,
      note,
      verify: (contestant, source) => verifyPut(contestant, source, cipher),
      async run({ peer, client, tree }, source) {
        // Fresh pages for everybody: overwriting spares the kernel the work of the first write.
        await rm(path.join(peer.filesFolder, REMOTE_NAME), { force: true });
        const usage = await measure(tree, () => client.put(source.path, REMOTE_NAME, cipher));
        return metricValues(usage, source.sizeBytes);
      },
    },
    {
      name: `get, ${cipherName}`,
      metrics: METRICS,
      note,
      async verify(contestant, source) {
        await verifyPut(contestant, source, cipher);
        const fetched = fetchedFile(source);
        await contestant.client.get(REMOTE_NAME, fetched, cipher);
        await assertSame(fetched, source, 'fetched');
      },
      async run({ client, tree }, source) {
        const fetched = fetchedFile(source);
        await rm(fetched, { force: true });
        const usage = await measure(tree, () => client.get(REMOTE_NAME, fetched, cipher));
        return metricValues(usage, source.sizeBytes);
      },
    },
  ];
}

async function verifyPut({ peer, client }: Contestant, source: Source, cipher: Cipher): Promise<void> {
  await client.put(source.path, REMOTE_NAME, cipher);
  await assertSame(path.join(peer.filesFolder, REMOTE_NAME), source, 'stored');
}

async function assertSame(file: string, source: Source, word: string): Promise<void> {
  if ((await hashFile(file)) !== source.sha256) throw new Error(`the ${word} file differs from the source`);
}

function fetchedFile(source: Source): string {
  return path.join(source.folder, 'fetched');
}

function metricValues(usage: Usage, sizeBytes: number): readonly number[] {
  return [
    sizeBytes / BYTES_PER_MB / usage.seconds,
    usage.serverCpuSeconds / (sizeBytes / BYTES_PER_GB),
    usage.serverPeakBytes / BYTES_PER_MIB,
  ];
}
