/** Whole trees as graphical clients move and remove them: an entry at a time, what is in a directory before the directory. */

import { mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';

/** What a client does with one file or directory. */
export interface TreeClient {
  put(local: string, remote: string): Promise<void>;
  get(remote: string, local: string): Promise<void>;
  remove(file: string): Promise<void>;
  removeDirectory(directory: string): Promise<void>;
  /** Makes the directory that a tree is put into. */
  beginTree(directory: string): Promise<void>;
  children(
    directory: string,
  ): Promise<readonly { readonly name: string; readonly attributes: { readonly isDirectory: boolean } }[]>;
}

export async function putTree(client: TreeClient, local: string, remote: string): Promise<void> {
  await client.beginTree(remote);
  for (const entry of await readdir(local, { withFileTypes: true })) {
    const from = path.join(local, entry.name);
    const to = `${remote}/${entry.name}`;
    await (entry.isDirectory() ? putTree(client, from, to) : client.put(from, to));
  }
}

export async function getTree(client: TreeClient, remote: string, local: string): Promise<void> {
  await mkdir(local);
  for (const { name, attributes } of await client.children(remote)) {
    const from = `${remote}/${name}`;
    const to = path.join(local, name);
    await (attributes.isDirectory ? getTree(client, from, to) : client.get(from, to));
  }
}

export async function removeTree(client: TreeClient, directory: string): Promise<void> {
  for (const { name, attributes } of await client.children(directory)) {
    const child = `${directory}/${name}`;
    await (attributes.isDirectory ? removeTree(client, child) : client.remove(child));
  }
  await client.removeDirectory(directory);
}
