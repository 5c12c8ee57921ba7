/** What ssh-audit says of a server, reduced to what does not change by itself, and the golden file of its policy. */

import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';
import type { PolicyServer } from './policy-servers.ts';

const PROGRAM = fileURLToPath(new URL('../../.cache/venv/bin/ssh-audit', import.meta.url));
const TIMEOUT_MS = 60_000;
const MAX_OUTPUT_BYTES = 4 * 1024 * 1024;
/** ssh-audit's exit codes beyond "good": warnings, failures. 1 and -1 mean that it could not do its work. */
const DONE_EXIT_CODES = [2, 3];

const run = promisify(execFile);

const notes = z.object({ fail: z.array(z.string()).optional(), warn: z.array(z.string()).optional() });
const algorithms = z.array(z.object({ algorithm: z.string(), keysize: z.int().optional(), notes }));
const report = z.object({
  kex: algorithms,
  key: algorithms,
  enc: algorithms,
  mac: algorithms,
  compression: z.array(z.string()),
  cves: z.array(z.unknown()),
});

const verdict = z.strictObject({
  algorithm: z.string(),
  bits: z.int().optional(),
  fail: z.array(z.string()).optional(),
  warn: z.array(z.string()).optional(),
});
const findings = z.strictObject({
  kex: z.array(verdict),
  hostKeys: z.array(verdict),
  ciphers: z.array(verdict),
  macs: z.array(verdict),
  compression: z.array(z.string()),
  cves: z.array(z.unknown()),
});

/** Algorithms in the order the server offers them, each with what ssh-audit has against it. */
export type Findings = z.infer<typeof findings>;

/** Every verdict of all categories. */
export function allVerdicts({ kex, hostKeys, ciphers, macs }: Findings): readonly z.infer<typeof verdict>[] {
  return [...kex, ...hostKeys, ...ciphers, ...macs];
}

/** @throws Error when ssh-audit is not installed or cannot do its work */
export async function audit({ host, port }: PolicyServer): Promise<Findings> {
  const { kex, key, enc, mac, compression, cves } = report.parse(JSON.parse(await runAudit(host, port)));
  return {
    kex: kex.map(reduced),
    hostKeys: key.map(reduced),
    ciphers: enc.map(reduced),
    macs: mac.map(reduced),
    compression,
    cves,
  };
}

/** The rate test measures the machine, and takes all connections a server has meanwhile. */
async function runAudit(host: string, port: number): Promise<string> {
  const args = ['--json', '--skip-rate-test', '--port', String(port), host];
  try {
    const { stdout } = await run(PROGRAM, args, { timeout: TIMEOUT_MS, maxBuffer: MAX_OUTPUT_BYTES });
    return stdout;
  } catch (error) {
    const ended = z.object({ code: z.number(), stdout: z.string() }).safeParse(error);
    if (ended.success && DONE_EXIT_CODES.includes(ended.data.code)) return ended.data.stdout;
    throw new Error(`${PROGRAM} failed; .ci/install-clients installs it`, { cause: error });
  }
}

function reduced({ algorithm, keysize, notes: { fail, warn } }: z.infer<typeof algorithms>[number]) {
  return {
    algorithm,
    ...(keysize === undefined ? {} : { bits: keysize }),
    ...(fail === undefined ? {} : { fail }),
    ...(warn === undefined ? {} : { warn }),
  };
}

function goldenFile(policyName: string): URL {
  return new URL(`golden/${policyName}.json`, import.meta.url);
}

/** @throws Error when there is none */
export function readGolden(policyName: string): Findings {
  return findings.parse(JSON.parse(readFileSync(goldenFile(policyName), 'utf8')));
}

export function writeGolden(policyName: string, found: Findings): void {
  writeFileSync(goldenFile(policyName), `${JSON.stringify(found, undefined, 2)}\n`);
}
