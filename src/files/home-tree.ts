/** Finds which mount of a home a path belongs to. */

import { pathSegments, ROOT, type VirtualPath, virtualPath } from './virtual-path.ts';

/** What the tree has to know of a mount. */
interface Mount {
  readonly type: 'FILE' | 'DIRECTORY';
  /** The same for all mounts of one storage. */
  readonly storage: unknown;
}

/** A path inside a mount; `path` is ROOT at the mount's own entry. */
export interface MountedPlace<M> {
  readonly kind: 'mounted';
  readonly mount: M;
  readonly path: VirtualPath;
}

/** A directory that exists only because entries lie below it. */
export interface SyntheticPlace<M> {
  readonly kind: 'synthetic';
  /** Made when it is listed: there may be thousands. */
  children(): readonly HomeChild<M>[];
  /** One listed mount below it for each storage. */
  storages(): readonly M[];
}

export interface HomeChild<M> {
  readonly name: string;
  /** Absent for a synthetic directory. */
  readonly mount?: M;
}

export type HomePlace<M> = MountedPlace<M> | SyntheticPlace<M> | { readonly kind: 'nowhere' };

const NOWHERE = { kind: 'nowhere' } as const;

interface TreeNode<M> {
  readonly children: Map<string, TreeNode<M>>;
  /** One listed mount of each storage below: kept, since a user may ask often and have thousands of mappings. */
  below?: Map<unknown, M>;
  mount?: M;
  /** Listed in its parent; an unlisted mount is reached by name only. */
  isListed: boolean;
}

export class HomeTree<M extends Mount> {
  readonly #root: TreeNode<M> = { children: new Map(), isListed: true };

  /** The caller has checked that no entry lies in another. */
  add(entry: VirtualPath, mount: M, { isListed }: { readonly isListed: boolean }): void {
    let node = this.#root;
    for (const name of pathSegments(entry)) {
      if (isListed) addBelow(node, mount);
      const next: TreeNode<M> = node.children.get(name) ?? { children: new Map(), isListed };
      node.children.set(name, next);
      node = next;
    }
    node.mount = mount;
  }

  place(path: VirtualPath): HomePlace<M> {
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

function mounted<M extends Mount>(mount: M, names: readonly string[]): HomePlace<M> {
  // A FILE mapping is one file, even when a directory is at its target.
  if (mount.type === 'FILE' && names.length > 0) return NOWHERE;
  return { kind: 'mounted', mount, path: names.length === 0 ? ROOT : virtualPath(`/${names.join('/')}`) };
}

function addBelow<M extends Mount>(node: TreeNode<M>, mount: M): void {
  node.below ??= new Map();
  if (!node.below.has(mount.storage)) node.below.set(mount.storage, mount);
}

function listedChildren<M>(node: TreeNode<M>): HomeChild<M>[] {
  const children: HomeChild<M>[] = [];
  for (const [name, { mount, isListed }] of node.children) {
    if (isListed) children.push(mount === undefined ? { name } : { name, mount });
  }
  return children;
}
