/** What the same bytes cost when a local program writes them: the part of a put that no server can save. */

import { rm } from 'node:fs/promises';
import path from 'node:path';
import { runSuccessfully } from '../test/interop/lab/command.ts';
import { cleanEnvironment } from '../test/interop/lab/environment.ts';
import type { SourceFile } from './row.ts';
import { BYTES_PER_GB } from './units.ts';

/** CPU seconds per GB of `dd`, user and system, reading the source and writing fresh pages beside it. */
export async function localWriteSecondsPerGb(source: SourceFile, signal: AbortSignal): Promise<number> {
  const folder = path.dirname(source.path);
  const copy = path.join(folder, 'local-copy');
  const { errorOutput } = await runSuccessfully({
    program: 'bash',
    args: [
      '-c',
      'TIMEFORMAT="cpu %U %S"; time dd if="$1" of="$2" bs=256K status=none',
      'dd',
      source.path,
      copy,
    ],
    environment: cleanEnvironment(folder),
    signal,
  });
  await rm(copy);
  const [, user, system] = /^cpu ([\d.]+) ([\d.]+)$/m.exec(errorOutput) ?? [];
  return (Number(user) + Number(system)) / (source.sizeBytes / BYTES_PER_GB);
}
