/** A `FolderStorage` in a directory of its own. */

import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { FileSystem } from '../file-system.ts';
import { FolderStorage } from '../storage/folder/storage.ts';
import type { StorageSession } from '../storage.ts';
import { virtualPath } from '../virtual-path.ts';
import { testSession } from './fixture.ts';

export const STAGING = '.drawbridge-uploads';

export interface FolderFixture {
  readonly storage: FolderStorage;
  readonly files: FileSystem;
  /** Another session, with a root or traits of its own. */
  session(traits?: Partial<StorageSession>, root?: string): FileSystem;
  /** A host path below the root. */
  at(...names: string[]): string;
  /** Names in the hidden folder. */
  staged(): string[];
}

export async function folderFixture(context: TestContext): Promise<FolderFixture> {
  const base = mkdtempSync(join(tmpdir(), 'bucket-'));
  const root = join(base, 'root');
  mkdirSync(root);
  const storage = new FolderStorage({ root });
  await storage.open();
  context.after(async () => {
    await storage.close();
    rmSync(base, { recursive: true, force: true });
  });
  const folder = join(root, STAGING);
  return {
    storage,
    files: storage.attach(testSession()),
    session: (traits = {}, path = '/') => storage.attach({ ...testSession(), ...traits }, virtualPath(path)),
    at: (...names) => join(root, ...names),
    staged: () => (existsSync(folder) ? readdirSync(folder) : []),
  };
}
