/** Opens a user's home: puts the storages of its paths or mappings into one tree. */

import { FileError } from './error.ts';
import type { FileSystem } from './file-system.ts';
import { type HomeCapabilities, HomeFileSystem } from './home-file-system.ts';
import { HomeMount } from './home-mount.ts';
import type { HomeSpec } from './home-spec.ts';
import { HomeTree } from './home-tree.ts';
import type { Storage, StorageSession } from './storage.ts';
import { pathSegments, ROOT, virtualPath } from './virtual-path.ts';

/**
 * Opens the home of one session. Storages that make homes get the landing directory made now, and the targets of
 * mappings when they are first used.
 *
 * @param storages by bucket name or file-system id
 * @throws FileError PERMISSION_DENIED when a storage of the home refuses the session, NOT_FOUND when one is missing
 */
export async function openHome(
  spec: HomeSpec,
  storages: ReadonlyMap<string, Storage>,
  session: StorageSession,
): Promise<FileSystem> {
  const home =
    spec.type === 'LOGICAL' ? logicalHome(spec, storages, session) : pathHome(spec, storages, session);
  await home.prepare(spec.directory);
  return home;
}

type LogicalSpec = Extract<HomeSpec, { type: 'LOGICAL' }>;
type PathSpec = Extract<HomeSpec, { type: 'PATH' }>;

function logicalHome(
  { mappings }: LogicalSpec,
  storages: ReadonlyMap<string, Storage>,
  session: StorageSession,
): HomeFileSystem {
  const tree = new HomeTree();
  const reachable = new Map<string, FileSystem>();
  for (const { entry, target, type } of mappings) {
    const [name = '', ...names] = pathSegments(target);
    const storage = storages.get(name);
    if (storage === undefined) throw new FileError('NOT_FOUND');
    if (!reachable.has(name)) reachable.set(name, storage.attach(session));
    const mount = new HomeMount({ storage, session, target: virtualPath(`/${names.join('/')}`), type });
    tree.add(entry, mount, { isListed: true });
  }
  // AWS: symbolic links do not resolve in LOGICAL homes.
  return new HomeFileSystem(tree, { ...sharedCapabilities([...reachable.values()]), links: false });
}

function pathHome(
  { directory }: PathSpec,
  storages: ReadonlyMap<string, Storage>,
  session: StorageSession,
): HomeFileSystem {
  const tree = new HomeTree();
  const own = pathSegments(directory)[0];
  if (own !== undefined && !storages.has(own)) throw new FileError('NOT_FOUND');
  const reachable: FileSystem[] = [];
  for (const [name, storage] of storages) {
    const files = name === own ? storage.attach(session) : attachIfAllowed(storage, session);
    if (files === undefined) continue;
    reachable.push(files);
    const mount = new HomeMount({ storage, session, target: ROOT, type: 'DIRECTORY' });
    tree.add(virtualPath(`/${name}`), mount, { isListed: name === own });
  }
  return new HomeFileSystem(tree, sharedCapabilities(reachable));
}

/** A storage that the home does not need may refuse the session; it is then not there. */
function attachIfAllowed(storage: Storage, session: StorageSession): FileSystem | undefined {
  try {
    return storage.attach(session);
  } catch (error) {
    if (error instanceof FileError && error.code === 'PERMISSION_DENIED') return undefined;
    throw error;
  }
}

function sharedCapabilities(reachable: readonly FileSystem[]): HomeCapabilities {
  return {
    links: reachable.every((files) => files.links !== undefined),
    hardLinks: reachable.every((files) => files.hardLinks !== undefined),
    replacing: reachable.every((files) => files.replacing !== undefined),
    spaceReporting: reachable.every((files) => files.spaceReporting !== undefined),
  };
}
