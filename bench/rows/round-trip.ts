/** Transfers over a line with 100 ms there and back, where the windows decide. */

import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { type DelayProxy, startDelayProxy } from '../delay-proxy.ts';
import { assertSameFile, placeFile } from '../files.ts';
import { LoadClient } from '../load-client.ts';
import type { Metric } from '../row.ts';
import type { Contestant, SftpRow } from '../sftp-contestant.ts';
import { BYTES_PER_MB } from '../units.ts';

const ROUND_TRIP_SECONDS = 0.1;
const ONE_WAY_MS = 50;
const NAME = 'medium';
const SMALL_NAME = 'small';
const ALGORITHMS = { cipher: 'aes128-gcm@openssh.com' };
/** OpenSSH's `ssh` and Go's x/crypto alike grant this much on a channel. */
const CLIENT_WINDOW_BYTES = 2 * 2 ** 20;
/** OpenSSH's `sftp` has 64 requests of at most 255 KiB under way, RFC 4251's lengths beside them not counted. */
const MAX_CLIENT_AHEAD_BYTES = 64 * 255 * 2 ** 10;
const CHANNEL_COUNT = 8;

const METRICS: readonly Metric[] = [
  { name: 'MB/s', better: 'higher', decimals: 1 },
  { name: 'of window ÷ round trip', better: 'higher', decimals: 2 },
];

export const ROUND_TRIP_ROWS: readonly SftpRow[] = [
  {
    name: 'put, 100 ms round trip',
    metrics: METRICS,
    async verify({ client, filesFolder }, { source }) {
      await client.put(source.small.path, SMALL_NAME, ALGORITHMS);
      await assertSameFile(path.join(filesFolder, SMALL_NAME), source.small);
      return undefined;
    },
    async run(contestant, { source }) {
      await using proxy = await startDelayProxy(contestant.address.port, ONE_WAY_MS);
      const client = await contestant.client.through(proxy.port);
      const loginSeconds = await client.login(ALGORITHMS);
      const seconds = await client.put(source.medium.path, NAME, ALGORITHMS);
      await rm(path.join(contestant.filesFolder, NAME));
      const windowBytes = Math.min(contestant.peer.receiveWindowBytes, MAX_CLIENT_AHEAD_BYTES);
      return metricValues(source.medium.sizeBytes, seconds - loginSeconds, windowBytes);
    },
  },
  {
    name: 'get, 100 ms round trip',
    metrics: METRICS,
    prepare: (filesFolder, { source }) => placeFile(source.small, path.join(filesFolder, SMALL_NAME)),
    async verify({ client, clientFolder }, { source }) {
      const fetched = path.join(clientFolder, SMALL_NAME);
      await client.get(SMALL_NAME, fetched, ALGORITHMS);
      await assertSameFile(fetched, source.small);
      return undefined;
    },
    // The small file: the client's own window holds every server to 20 MB/s.
    async run(contestant, { source }) {
      await using proxy = await startDelayProxy(contestant.address.port, ONE_WAY_MS);
      const client = await contestant.client.through(proxy.port);
      const folder = path.join(contestant.clientFolder, 'fetched');
      await mkdir(folder);
      const loginSeconds = await client.login(ALGORITHMS);
      const seconds = await client.get(SMALL_NAME, path.join(folder, NAME), ALGORITHMS);
      await rm(folder, { recursive: true });
      return metricValues(source.small.sizeBytes, seconds - loginSeconds, CLIENT_WINDOW_BYTES);
    },
  },
  {
    name: `get, 100 ms round trip, ${CHANNEL_COUNT} channels`,
    metrics: METRICS,
    whyAbsent: LoadClient.whyAbsent,
    prepare: (filesFolder, { source }) => placeFile(source.medium, path.join(filesFolder, NAME)),
    async verify({ loadClient, clientFolder }, { source }) {
      const fetched = path.join(clientFolder, NAME);
      await loadClient.fetch(NAME, source.medium.sizeBytes, CHANNEL_COUNT, fetched);
      await assertSameFile(fetched, source.medium);
      await rm(fetched);
      return undefined;
    },
    async run(contestant, { source }) {
      await using proxy = await startDelayProxy(contestant.address.port, ONE_WAY_MS);
      const seconds = await fetchThrough(proxy, contestant, source.medium.sizeBytes);
      return metricValues(source.medium.sizeBytes, seconds, CHANNEL_COUNT * CLIENT_WINDOW_BYTES);
    },
  },
];

/** @returns seconds. */
async function fetchThrough(proxy: DelayProxy, contestant: Contestant, sizeBytes: number): Promise<number> {
  // Adds the port of the proxy to the known hosts.
  await contestant.client.through(proxy.port);
  return contestant.loadClient.through(proxy.port).fetch(NAME, sizeBytes, CHANNEL_COUNT);
}

function metricValues(sizeBytes: number, seconds: number, windowBytes: number): readonly number[] {
  const bytesPerSecond = sizeBytes / seconds;
  return [bytesPerSecond / BYTES_PER_MB, bytesPerSecond / (windowBytes / ROUND_TRIP_SECONDS)];
}
