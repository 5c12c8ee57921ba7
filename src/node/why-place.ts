/** Where a path of a home leads, and what the home itself refuses, without opening any storage. */

import { homeParts } from '../files/home-layout.ts';
import type { HomeSpec } from '../files/home-spec.ts';
import { HomeTree, type MountedPlace } from '../files/home-tree.ts';
import { ROOT, rebase, type VirtualPath } from '../files/virtual-path.ts';
import type { WhyOperation } from './why-operation.ts';

/** An entry of the home and what is behind it. */
export interface WhyMount {
  readonly entry: VirtualPath;
  /** Name of the bucket, file system or access point. */
  readonly storage: string;
  /** Inside the storage. */
  readonly target: VirtualPath;
  readonly type: 'FILE' | 'DIRECTORY';
}

export type WhyPlace =
  /** The storage decides, and the policies before it. */
  | {
      readonly kind: 'stored';
      readonly mount: WhyMount;
      readonly path: VirtualPath;
      readonly target: VirtualPath;
    }
  /** The home decides. */
  | { readonly kind: 'decided'; readonly outcome: 'allowed' | 'denied'; readonly reason: string };

/** Operations that move or remove a name. */
const TAKES_NAME: ReadonlySet<WhyOperation> = new Set<WhyOperation>(['rm', 'rmdir', 'rename']);
const ONLY_LOOKS: ReadonlySet<WhyOperation> = new Set<WhyOperation>(['list', 'stat']);

export function homeTree(home: HomeSpec, storageNames: Iterable<string>): HomeTree<WhyMount> {
  const tree = new HomeTree<WhyMount>();
  for (const { storageName: storage, isListed, ...part } of homeParts(home, storageNames))
    tree.add(part.entry, { ...part, storage }, { isListed });
  return tree;
}

/** @param target of a rename; the path itself otherwise */
export function whyPlace(
  tree: HomeTree<WhyMount>,
  operation: WhyOperation,
  path: VirtualPath,
  target: VirtualPath,
): WhyPlace {
  const source = mountedPlace(tree, operation, path);
  if (source.kind === 'decided' || operation !== 'rename')
    return source.kind === 'decided' ? source : { ...source, kind: 'stored', target: source.path };
  const destination = mountedPlace(tree, operation, target);
  if (destination.kind === 'decided') return destination;
  if (destination.mount !== source.mount)
    return denied(`${path} and ${target} are in different mappings or storages: CROSS_STORAGE`);
  return { kind: 'stored', mount: source.mount, path: source.path, target: destination.path };
}

/** The path from the root of the storage. */
export function storagePath({ target }: WhyMount, path: VirtualPath): VirtualPath {
  return rebase(path, ROOT, target);
}

function mountedPlace(
  tree: HomeTree<WhyMount>,
  operation: WhyOperation,
  path: VirtualPath,
): MountedPlace<WhyMount> | Extract<WhyPlace, { kind: 'decided' }> {
  const place = tree.place(path);
  if (place.kind === 'nowhere') return denied(`${path} is in no mapping of the home: NOT_FOUND`);
  if (place.kind === 'synthetic') {
    if (ONLY_LOOKS.has(operation))
      return { kind: 'decided', outcome: 'allowed', reason: `${path} leads to mappings, and shows them` };
    return denied(`${path} only leads to mappings: it can be listed, and nothing can be put there`);
  }
  if (place.path === ROOT && TAKES_NAME.has(operation))
    return denied(`${path} is what the home is made of: it is neither renamed nor removed`);
  return place;
}

function denied(reason: string): Extract<WhyPlace, { kind: 'decided' }> {
  return { kind: 'decided', outcome: 'denied', reason };
}
