/** Writes the generated pages of docs/, or with `--check` fails and names the file that is stale. */

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { configurationPage, configurationSchemaText } from '../src/node/config/reference.ts';

const folder = new URL('../docs/', import.meta.url);
const pages = {
  'configuration.md': configurationPage(),
  'drawbridge.schema.json': configurationSchemaText(),
};

if (process.argv.includes('--check')) await check();
else await write();

async function check(): Promise<void> {
  for (const [name, text] of Object.entries(pages)) {
    const written = await readFile(new URL(name, folder), 'utf8').catch(() => undefined);
    if (written === text) continue;
    console.error(`docs/${name} is stale: run "npm run docs" and commit the result`);
    process.exitCode = 1;
  }
}

async function write(): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [name, text] of Object.entries(pages)) await writeFile(new URL(name, folder), text);
}
