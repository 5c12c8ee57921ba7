/** Thousands of files by one client that sends several at once: the recipe with which a server ran out of memory (sftpgo#1667). */

import assert from 'node:assert/strict';
import { link, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { runSuccessfully } from '../../../test/interop/lab/command.ts';
import { writeLargeFile } from '../../../test/interop/lab/content.ts';
import { cleanEnvironment } from '../../../test/interop/lab/environment.ts';
import { writeSshConfig } from '../../../test/interop/lab/ssh-config.ts';
import { assertSameFile } from '../../files.ts';
import { findProgram } from '../../installed.ts';
import { measure } from '../../measure.ts';
import { BYTES_PER_GB, BYTES_PER_MB, BYTES_PER_MIB, MS_PER_SECOND } from '../../units.ts';
import type { ManyFiles } from '../../workload.ts';
import { type S3Contestant, type S3Row, whyStoreAbsent } from '../contestant.ts';

const STORE = 'versitygw';
const CLIENT = 'lftp';
/** Files that the client sends at once, each through a connection of its own. */
const PARALLEL_FILES = 8;
/** Files of the same size are the same file under many names. */
const SIZE_COUNT = 20;
const REMOTE_NAME = 'many';
/** 31 GB at 20 MB/s. */
const TRANSFER_TIMEOUT_MS = 30 * 60_000;
/** The client asks for a file once more after it has sent it; then nobody does. */
const KEEP_MS = 20_000;
const SWEEP_MS = 2_000;

export const MANY_FILES_ROW: S3Row = {
  name: 'many files',
  metrics: [
    { name: 'peak RSS of the server process, MiB', better: 'lower', decimals: 0 },
    { name: 'with all its processes, MiB', better: 'lower', decimals: 0 },
    { name: 'files/s', better: 'higher', decimals: 1 },
    { name: 'MB/s', better: 'higher', decimals: 0 },
    { name: 'server CPU s/GB', better: 'lower', decimals: 2 },
  ],
  store: STORE,
  // The SDK has no mirror to compare with.
  only: ['Drawbridge', 'rclone', 'SFTPGo'],
  needsFreshServers: true,
  runsOnce: true,
  async whyAbsent() {
    const isThere = (await findProgram(CLIENT)) !== undefined;
    return isThere ? whyStoreAbsent(STORE) : `${CLIENT} is not installed`;
  },
  async verify({ mover, store }, { source }) {
    await mover.put(source.small.path, 'proof');
    await assertSameFile(path.join(store.homeFolder, 'proof'), source.small);
    return undefined;
  },
  async run(contestant, { workload }) {
    const { clientFolder, store, tree } = contestant;
    const folder = path.join(clientFolder, 'files');
    const sizes = await makeFiles(folder, workload.manyFiles);
    const stored = new StoredFiles(path.join(store.homeFolder, REMOTE_NAME));
    const stop = new AbortController();
    const sweeping = stored.sweep(stop.signal);
    const usage = await measure(tree, () => mirror(contestant, folder)).finally(() => stop.abort());
    await sweeping;
    await stored.takeAll(0);
    assert.deepEqual(
      new Map([...stored.sizes].sort()),
      new Map([...sizes].sort()),
      'not every file was stored',
    );
    const totalBytes = [...sizes.values()].reduce((sum, size) => sum + size, 0);
    return [
      usage.firstProcessPeakBytes / BYTES_PER_MIB,
      usage.serverPeakBytes / BYTES_PER_MIB,
      sizes.size / usage.seconds,
      totalBytes / BYTES_PER_MB / usage.seconds,
      usage.serverCpuSeconds / (totalBytes / BYTES_PER_GB),
    ];
  },
};

/** @returns sizes by name */
async function makeFiles(folder: string, files: ManyFiles): Promise<ReadonlyMap<string, number>> {
  const { count, fromMegabytes, toMegabytes } = files;
  const originals = `${folder}-originals`;
  await mkdir(folder);
  await mkdir(originals);
  const sizes = new Map<string, number>();
  for (let index = 0; index < count; index += 1) {
    const step = index % SIZE_COUNT;
    const original = path.join(originals, String(step));
    const size = Math.floor(
      (fromMegabytes + ((toMegabytes - fromMegabytes) * step) / (SIZE_COUNT - 1)) * BYTES_PER_MB,
    );
    if (index < SIZE_COUNT) await writeLargeFile(original, size);
    const name = `file-${index}.dat`;
    await link(original, path.join(folder, name));
    sizes.set(name, size);
  }
  return sizes;
}

/** @returns seconds */
async function mirror({ sftp, clientFolder, signal }: S3Contestant, folder: string): Promise<number> {
  if (sftp === undefined) throw new Error('there is no SFTP server');
  const { address, key, knownHostsFile } = sftp;
  const configFile = path.join(clientFolder, 'ssh_config');
  await writeSshConfig(configFile, { knownHostsFile, credential: { kind: 'key', key } });
  const lines = [
    'set cmd:fail-exit true',
    'set net:max-retries 1',
    `set sftp:connect-program "ssh -a -x -F ${configFile}"`,
    // It asks for a password when it has none, even where the key is enough.
    `open -u ${address.userName},unused -p ${address.port} sftp://${address.host}`,
    `mirror -R --parallel=${PARALLEL_FILES} "${folder}" "${address.remoteFolder}${REMOTE_NAME}"`,
  ];
  const script = path.join(clientFolder, 'lftp.script');
  await writeFile(script, lines.map((line) => `${line}\n`).join(''));
  const { durationMs } = await runSuccessfully({
    program: CLIENT,
    args: ['--norc', '-f', script],
    environment: cleanEnvironment(clientFolder),
    signal: AbortSignal.any([signal, AbortSignal.timeout(TRANSFER_TIMEOUT_MS)]),
  });
  return durationMs / MS_PER_SECOND;
}

/** Takes stored files away, because the memory of a machine does not hold them all, and remembers what they were. */
class StoredFiles {
  readonly sizes = new Map<string, number>();
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async sweep(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.takeAll(KEEP_MS);
      await delay(SWEEP_MS, undefined, { signal }).catch(() => {});
    }
  }

  /** Those that have not changed for so long. */
  async takeAll(restedMs: number): Promise<void> {
    const names = await readdir(this.#folder).catch(() => []);
    for (const name of names) {
      const file = path.join(this.#folder, name);
      const { size, ctimeMs } = await stat(file);
      if (Date.now() - ctimeMs < restedMs) continue;
      this.sizes.set(name, size);
      await rm(file);
    }
  }
}
