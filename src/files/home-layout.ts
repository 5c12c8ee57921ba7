/** Which storages a home is made of, and where each of them appears: what opening a home and explaining it share. */

import type { HomeSpec } from './home-spec.ts';
import { pathSegments, ROOT, type VirtualPath, virtualPath } from './virtual-path.ts';

/** One place of a home that lies in a storage. */
export interface HomePart {
  /** Where the user sees it. */
  readonly entry: VirtualPath;
  /** Of the bucket, file system or access point. */
  readonly storageName: string;
  /** Inside the storage. */
  readonly target: VirtualPath;
  readonly type: 'FILE' | 'DIRECTORY';
  /** Shown in its parent; the others are reached by name only. */
  readonly isListed: boolean;
}

/** @param storageNames the storages of the server: a PATH home sees them all, and lists its own */
export function homeParts(spec: HomeSpec, storageNames: Iterable<string>): readonly HomePart[] {
  if (spec.type === 'LOGICAL') {
    return spec.mappings.map(({ entry, target, type }) => {
      const [storageName = '', ...names] = pathSegments(target);
      return { entry, storageName, target: virtualPath(`/${names.join('/')}`), type, isListed: true };
    });
  }
  const [own] = pathSegments(spec.directory);
  return [...storageNames].map((storageName) => ({
    entry: virtualPath(`/${storageName}`),
    storageName,
    target: ROOT,
    type: 'DIRECTORY',
    isListed: storageName === own,
  }));
}
