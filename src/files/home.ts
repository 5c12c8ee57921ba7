/** Opens a user's home: puts the storages of its paths or mappings into one tree. */

import { setImmediate as turn } from 'node:timers/promises';
import { FileError } from './error.ts';
import type { FileSystem } from './file-system.ts';
import type { SessionGuard } from './guard.ts';
import { type HomeCapabilities, HomeFileSystem } from './home-file-system.ts';
import { homeParts } from './home-layout.ts';
import { HomeMount } from './home-mount.ts';
import type { HomeSpec } from './home-spec.ts';
import { HomeTree } from './home-tree.ts';
import type { Storage, StorageSession } from './storage.ts';
import { pathSegments } from './virtual-path.ts';

/** A home of tens of thousands of mappings leaves turns to the other sessions. */
const PARTS_PER_TURN = 1000;

/**
 * Opens the home of one session. Storages that make homes get the landing directory made now, and the targets of
 * mappings when they are first used.
 *
 * @param storages by bucket name or file-system id
 * @param guard the policies of the session; without one everything is allowed, and nothing asks
 * @throws FileError PERMISSION_DENIED when a storage of the home refuses the session, NOT_FOUND when one is missing
 */
export async function openHome(
  spec: HomeSpec,
  storages: ReadonlyMap<string, Storage>,
  session: StorageSession,
  guard?: SessionGuard,
): Promise<FileSystem> {
  const needed = neededStorages(spec);
  await Promise.all([...needed].map((name) => storages.get(name)?.admit?.(session)));
  const reachable = reachableStorages(spec, needed, storages, session);
  const tree = new HomeTree<HomeMount>();
  const parts = homeParts(spec, storages.keys());
  for (const [index, { entry, storageName: name, target, type, isListed }] of parts.entries()) {
    if (index % PARTS_PER_TURN === PARTS_PER_TURN - 1) await turn();
    const storage = reachable.has(name) ? storages.get(name) : undefined;
    if (storage === undefined) continue;
    const options = { storage, session, name, target, type };
    const mount = new HomeMount(guard === undefined ? options : { ...options, guard });
    tree.add(entry, mount, { isListed });
  }
  const home = new HomeFileSystem(tree, capabilitiesOf(spec, [...reachable.values()]));
  await home.prepare(spec.directory);
  return home;
}

/** A PATH home needs the storage that it lies in, a LOGICAL one every storage of its mappings. @throws FileError */
function reachableStorages(
  { type }: HomeSpec,
  needed: ReadonlySet<string>,
  storages: ReadonlyMap<string, Storage>,
  session: StorageSession,
): ReadonlyMap<string, FileSystem> {
  const reachable = new Map<string, FileSystem>();
  for (const name of needed) {
    const storage = storages.get(name);
    if (storage === undefined) throw new FileError('NOT_FOUND');
    reachable.set(name, storage.attach(session));
  }
  if (type === 'LOGICAL') return reachable;
  for (const [name, storage] of storages) {
    const files = reachable.has(name) ? undefined : attachIfAllowed(storage, session);
    if (files !== undefined) reachable.set(name, files);
  }
  return reachable;
}

function neededStorages(spec: HomeSpec): ReadonlySet<string> {
  const paths = spec.type === 'LOGICAL' ? spec.mappings.map(({ target }) => target) : [spec.directory];
  return new Set(paths.flatMap((path) => pathSegments(path).slice(0, 1)));
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

function capabilitiesOf({ type }: HomeSpec, reachable: readonly FileSystem[]): HomeCapabilities {
  return {
    // AWS: symbolic links do not resolve in LOGICAL homes.
    links: type === 'PATH' && reachable.every((files) => files.links !== undefined),
    hardLinks: reachable.every((files) => files.hardLinks !== undefined),
    replacing: reachable.every((files) => files.replacing !== undefined),
    spaceReporting: reachable.every((files) => files.spaceReporting !== undefined),
  };
}
