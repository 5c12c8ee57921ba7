/** Large files up and down, in one stream or several at once. */

import { mkdir, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { assertSameFile, placeFile } from '../files.ts';
import { measure, type Usage } from '../measure.ts';
import type { Algorithms } from '../openssh-client.ts';
import type { Metric } from '../row.ts';
import type { Contestant, SftpRow } from '../sftp-contestant.ts';
import { BYTES_PER_GB, BYTES_PER_MB, BYTES_PER_MIB } from '../units.ts';

const METRICS: readonly Metric[] = [
  { name: 'MB/s', better: 'higher', decimals: 0 },
  { name: 'server CPU s/GB', better: 'lower', decimals: 2 },
  { name: 'server peak RSS MiB', better: 'lower', decimals: 0 },
];
const SMALL_NAME = 'small';

export interface TransferOptions {
  /** Of the row's name; the algorithms say it where absent. */
  readonly title: string;
  readonly algorithms: Algorithms;
  readonly streamCount: number;
  readonly needsOldAlgorithms?: boolean;
}

/** The rows of both directions. Several streams share the size among them. */
export function transferRows(options: TransferOptions): readonly SftpRow[] {
  return [putRow(options), getRow(options)];
}

function putRow({ title, algorithms, streamCount, needsOldAlgorithms = false }: TransferOptions): SftpRow {
  return {
    name: `put, ${streams(streamCount)}, ${title}`,
    metrics: METRICS,
    needsOldAlgorithms,
    async verify(contestant, { source }) {
      const { client, filesFolder } = contestant;
      await client.put(source.small.path, SMALL_NAME, algorithms);
      await assertSameFile(path.join(filesFolder, SMALL_NAME), source.small);
      return cipherNote(contestant, algorithms);
    },
    async run({ client, tree, filesFolder }, { source }) {
      const part = streamCount === 1 ? source.large : source.part(streamCount);
      const usage = await measure(tree, () =>
        slowest(streamCount, (index) => client.put(part.path, `stored-${index}`, algorithms)),
      );
      // Each is new the next time: overwriting spares the kernel the work of the first write.
      for (const name of await readdir(filesFolder)) {
        if (name.startsWith('stored-')) await rm(path.join(filesFolder, name));
      }
      return metricValues(usage, part.sizeBytes * streamCount);
    },
  };
}

function getRow({ title, algorithms, streamCount, needsOldAlgorithms = false }: TransferOptions): SftpRow {
  return {
    name: `get, ${streams(streamCount)}, ${title}`,
    metrics: METRICS,
    needsOldAlgorithms,
    async prepare(filesFolder, { source }) {
      await placeFile(source.small, path.join(filesFolder, SMALL_NAME));
      const part = streamCount === 1 ? source.large : source.part(streamCount);
      for (let index = 0; index < streamCount; index += 1) {
        await placeFile(part, path.join(filesFolder, `stored-${index}`));
      }
    },
    async verify(contestant, { source }) {
      const fetched = path.join(contestant.clientFolder, SMALL_NAME);
      await contestant.client.get(SMALL_NAME, fetched, algorithms);
      await assertSameFile(fetched, source.small);
      return cipherNote(contestant, algorithms);
    },
    async run({ client, tree, clientFolder }, { source }) {
      const part = streamCount === 1 ? source.large : source.part(streamCount);
      const folder = path.join(clientFolder, 'fetched');
      await mkdir(folder);
      const usage = await measure(tree, () =>
        slowest(streamCount, (index) =>
          client.get(`stored-${index}`, path.join(folder, `${index}`), algorithms),
        ),
      );
      await rm(folder, { recursive: true });
      return metricValues(usage, part.sizeBytes * streamCount);
    },
  };
}

function streams(count: number): string {
  return count === 1 ? '1 stream' : `${count} streams`;
}

/** Peers differ in what they let the client choose, and then the figures compare ciphers too. */
async function cipherNote({ client }: Contestant, { cipher }: Algorithms): Promise<string | undefined> {
  return cipher === undefined ? await client.negotiatedCipher() : undefined;
}

/** Starts all at once. @returns the seconds of the one that took longest. */
async function slowest(count: number, transfer: (index: number) => Promise<number>): Promise<number> {
  const seconds = await Promise.all(Array.from({ length: count }, (_, index) => transfer(index)));
  return Math.max(...seconds);
}

function metricValues(usage: Usage, sizeBytes: number): readonly number[] {
  return [
    sizeBytes / BYTES_PER_MB / usage.seconds,
    usage.serverCpuSeconds / (sizeBytes / BYTES_PER_GB),
    usage.serverPeakBytes / BYTES_PER_MIB,
  ];
}
