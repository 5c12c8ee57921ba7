/** Finds the programs that a peer or a row needs, without starting them. */

import { access, constants } from 'node:fs/promises';
import path from 'node:path';

/** Not in every user's PATH, but where servers are. */
const SERVER_FOLDERS = ['/usr/sbin', '/usr/local/sbin'];

/** @returns the full path of a program in PATH, undefined when there is none. A path is looked at as it is. */
export async function findProgram(name: string): Promise<string | undefined> {
  if (name.includes('/')) return (await isExecutable(name)) ? path.resolve(name) : undefined;
  const folders = [...(process.env.PATH ?? '').split(path.delimiter), ...SERVER_FOLDERS];
  for (const folder of folders) {
    const file = path.join(folder, name);
    if (folder !== '' && (await isExecutable(file))) return file;
  }
  return undefined;
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
