/** Finds which mount of a home a path belongs to. */

import type { HomeMount } from './home-mount.ts';
import type { Storage } from './storage.ts';
import { pathSegments, ROOT, type VirtualPath, virtualPath } from './virtual-path.ts';

/** A path inside a mount; `path` is ROOT at the mount's own entry. */
export interface MountedPlace {
  readonly kind: 'mounted';
  readonly mount: HomeMount;
  readonly path: VirtualPath;
}

/** A directory that exists only because entries lie below it. */
export interface SyntheticPlace {
  readonly kind: 'synthetic';
  /** Made when it is listed: there may be thousands. */
  children(): readonly HomeChild[];
  /** One listed mount below it for each storage. */
  storages(): readonly HomeMount[];
}

export interface HomeChild {
  readonly name: string;
  /** Absent for a synthetic directory. */
  readonly mount?: HomeMount;
}

export type HomePlace = MountedPlace | SyntheticPlace | { readonly kind: 'nowhere' };

const NOWHERE = { kind: 'nowhere' } as const;

interface TreeNode {
  readonly children: Map<string, TreeNode>;
  /** One listed mount of each storage below: kept, since a user may ask often and have thousands of mappings. */
  below?: Map<Storage, HomeMount>;
  mount?: HomeMount;
  /** Listed in its parent; an unlisted mount is reached by name only. */
  isListed: boolean;
}

export class HomeTree {
  readonly #root: TreeNode = { children: new Map(), isListed: true };

  /** The caller has checked that no entry lies in another. */
  add(entry: VirtualPath, mount: HomeMount, { isListed }: { readonly isListed: boolean }): void {
    let node = this.#root;
    for (const name of pathSegments(entry)) {
      if (isListed) addBelow(node, mount);
      const next: TreeNode = node.children.get(name) ?? { children: new Map(), isListed };
      node.children.set(name, next);
      node = next;
    }
    node.mount = mount;
  }

  place(path: VirtualPath): HomePlace {
    const names = pathSegments(path);
    let node = this.#root;
    for (const [depth, name] of names.entries()) {
      if (node.mount !== undefined) return mounted(node.mount, names.slice(depth));
      const next = node.children.get(name);
      if (next === undefined) return NOWHERE;
      node = next;
    }
    if (node.mount !== undefined) return mounted(node.mount, []);
    return {
      kind: 'synthetic',
      children: () => listedChildren(node),
      storages: () => [...(node.below?.values() ?? [])],
    };
  }
}

function mounted(mount: HomeMount, names: readonly string[]): HomePlace {
  // A FILE mapping is one file, even when a directory is at its target.
  if (mount.type === 'FILE' && names.length > 0) return NOWHERE;
  return { kind: 'mounted', mount, path: names.length === 0 ? ROOT : virtualPath(`/${names.join('/')}`) };
}

function addBelow(node: TreeNode, mount: HomeMount): void {
  node.below ??= new Map();
  if (!node.below.has(mount.storage)) node.below.set(mount.storage, mount);
}

function listedChildren(node: TreeNode): HomeChild[] {
  const children: HomeChild[] = [];
  for (const [name, { mount, isListed }] of node.children) {
    if (isListed) children.push(mount === undefined ? { name } : { name, mount });
  }
  return children;
}
