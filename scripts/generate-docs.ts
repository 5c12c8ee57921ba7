/** Writes the generated pages of docs/, or with `--check` fails and names the file that is stale. */

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { configurationPage, configurationSchemaText } from '../src/node/config/reference.ts';
import { ConformanceError, conformancePage } from './conformance/page.ts';
import { identityCodesPage } from './identity-codes-page.ts';
import { securityPoliciesPage } from './security-policies-page.ts';

const folder = new URL('../docs/', import.meta.url);
const pages: Readonly<Record<string, () => string>> = {
  'configuration.md': configurationPage,
  'drawbridge.schema.json': configurationSchemaText,
  'conformance.md': conformancePage,
  'security-policies.md': securityPoliciesPage,
  'identity/codes.md': identityCodesPage,
};
const isCheck = process.argv.includes('--check');

await mkdir(new URL('identity/', folder), { recursive: true });
for (const [name, make] of Object.entries(pages)) {
  const text = textOf(name, make);
  if (text === undefined) process.exitCode = 1;
  else if (isCheck) await check(name, text);
  else await writeFile(new URL(name, folder), text);
}

/** Undefined, and said why, where the page cannot be made. */
function textOf(name: string, make: () => string): string | undefined {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof ConformanceError)) throw error;
    console.error(`docs/${name} cannot be made:\n${error.message}`);
    return undefined;
  }
}

async function check(name: string, text: string): Promise<void> {
  const written = await readFile(new URL(name, folder), 'utf8').catch(() => undefined);
  if (written === text) return;
  console.error(`docs/${name} is stale: run "npm run docs" and commit the result`);
  process.exitCode = 1;
}
