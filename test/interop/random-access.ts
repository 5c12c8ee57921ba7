/** The section of random access: files written in no order through a mount, and transfers taken up again and again. */

import assert from 'node:assert/strict';
import { randomBytes, randomInt } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type Attempt, attempt, type Run } from './attempt.ts';
import { type Client, NotApplicable } from './client.ts';
import { sshfs, sshfsWith } from './clients/sshfs.ts';
import { judgeWithin, type Roll } from './matrix.ts';
import type { Operation } from './operations.ts';
import type { Check } from './outcome.ts';
import type { UserName } from './target.ts';

const EXERCISER = fileURLToPath(new URL('./random-access/exerciser.ts', import.meta.url));
/** A run that failed is done again with the seed that it printed. */
const SEED = Number(process.env.DRAWBRIDGE_SEED ?? randomInt(2 ** 31));
/** Each is compared as a whole, so that a run of all takes about 20 seconds. */
const STEPS = 2500;
/** Those of which resuming is asked most. */
const RESUMING_CLIENTS = ['sftp', 'lftp', 'curl'];
const RESUMED_BYTES = 1_500_007;
const RESUMES = 5;
/** Its ids are those of the server's process, so that nobody has to be root. */
const EFS_USER = 'interop-owner' satisfies UserName;

const RESUMED_PUT = 'resumed put';
const RESUMED_GET = 'resumed get';

/** With the kernel's cache, as people use it, and without: then every read is the server's. */
const MOUNTS: readonly { readonly row: string; readonly client: Client }[] = [
  { row: 'random access', client: sshfs },
  { row: 'random access, nothing cached', client: sshfsWith('direct_io') },
];

export const RANDOM_ACCESS_ROWS: readonly string[] = [
  ...MOUNTS.map(({ row }) => row),
  RESUMED_PUT,
  RESUMED_GET,
];

export async function runRandomAccess(run: Run, { present }: Roll): Promise<readonly Check[]> {
  const checks: Check[] = [];
  if (present.includes(sshfs)) checks.push(...(await runMounts(run)));
  for (const client of present.filter(({ name }) => RESUMING_CLIENTS.includes(name)))
    checks.push(...(await runResumes(run, client)));
  return checks;
}

async function runMounts(run: Run): Promise<readonly Check[]> {
  run.progress(`random access with DRAWBRIDGE_SEED=${SEED}`);
  const checks: Check[] = [];
  for (const { row, client } of MOUNTS) {
    const startedMs = performance.now();
    checks.push(await check(run, client, exercise(row)));
    run.progress(`${row}, ${STEPS} steps: ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
  }
  return checks;
}

async function runResumes(run: Run, client: Client): Promise<readonly Check[]> {
  return [await check(run, client, resumedPut), await check(run, client, resumedGet)];
}

/** In the EFS domain, but for a client whose algorithms only one server has. */
async function check(run: Run, client: Client, operation: Operation): Promise<Check> {
  const asked: Attempt =
    client.server === undefined
      ? { client, credential: 'key', server: 'EFS', userName: EFS_USER, operation }
      : { client, credential: 'key', server: client.server, operation };
  const outcome = await judgeWithin(run, () => attempt(run, asked));
  return { column: client.name, row: operation.name, variant: asked.server, outcome };
}

function exercise(name: string): Operation {
  return {
    name,
    async run({ use, remote, disk }) {
      await use(async (session) => {
        if (session.runOn === undefined) throw new NotApplicable('mounts nothing');
        const args = [EXERCISER, String(SEED), String(STEPS), disk('file')];
        await session.runOn(remote('file'), process.execPath, ...args);
      });
    },
  };
}

/** A file that grows on one side is sent after, as log files are. */
const resumedPut: Operation = {
  name: RESUMED_PUT,
  async run({ use, local, remote, disk }) {
    const whole = randomBytes(RESUMED_BYTES);
    for (const end of resumePoints()) {
      await writeFile(local('source'), whole.subarray(0, end));
      await use((session) =>
        end === 0
          ? session.put(local('source'), remote('stored'))
          : session.resumePut(local('source'), remote('stored')),
      );
      assert.ok((await readFile(disk('stored'))).equals(whole.subarray(0, end)), `differs at ${end} bytes`);
    }
  },
};

const resumedGet: Operation = {
  name: RESUMED_GET,
  async run({ use, local, remote, disk, plant }) {
    const whole = randomBytes(RESUMED_BYTES);
    await writeFile(local('fetched'), '');
    for (const end of resumePoints().slice(1)) {
      await plant.file(disk('stored'), whole.subarray(0, end));
      await use((session) => session.resumeGet(remote('stored'), local('fetched')));
      assert.ok((await readFile(local('fetched'))).equals(whole.subarray(0, end)), `differs at ${end} bytes`);
    }
  },
};

/** How much there is each time: nothing first, everything last. */
function resumePoints(): readonly number[] {
  const between = Array.from({ length: RESUMES - 1 }, () => randomInt(1, RESUMED_BYTES));
  return [0, ...between.sort((left, right) => left - right), RESUMED_BYTES];
}
