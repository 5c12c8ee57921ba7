/** Origin texts 000, 001, 002 and 004 as checks: what they print, against the product and a real client. */

import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { generateKey } from '../interop/lab/keys.ts';
import { startS3Server } from '../interop/lab/s3-server.ts';
import { makeWorkspace } from '../interop/lab/workspace.ts';
import type { Report } from './main.ts';
import { checkContract } from './origins/contract.ts';
import { checkOktaEfs } from './origins/okta-efs.ts';
import { checkOktaS3 } from './origins/okta-s3.ts';
import { checkSecretEfs } from './origins/secret-efs.ts';
import { checkTemplates } from './origins/templates.ts';

const NEEDED_BYTES = 64 * 1024 * 1024;
const KEY_TIMEOUT_MS = 10_000;

export async function check(report: Report): Promise<void> {
  await using workspace = await makeWorkspace('drawbridge-origins', NEEDED_BYTES);
  const folder = workspace.path;
  await chmod(folder, 0o755);
  const [moto, key] = await Promise.all([
    startS3Server({ kind: 'moto', folder }),
    generateKey(join(folder, 'id'), 'ed25519', AbortSignal.timeout(KEY_TIMEOUT_MS)),
  ]);
  await using _ = moto;
  const lab = { folder, moto, key, isRoot: process.getuid?.() === 0 };
  await checkOktaEfs(report, lab);
  await checkOktaS3(report, lab);
  await checkContract(report, lab);
  await checkTemplates(report, lab);
  await checkSecretEfs(report, lab);
}
