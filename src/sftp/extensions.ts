/** The extensions of OpenSSH and of filexfer-extensions that are served, and when they are advertised. */

import type { FileSystem } from '../files/file-system.ts';
import { ByteWriter } from '../wire/byte-writer.ts';
import { HASH_ALGORITHM_NAMES } from './hashing/algorithms.ts';
import { copyBetween, copyFile } from './requests/copy-requests.ts';
import { sync } from './requests/handle-requests.ts';
import { checkFile, checkFileHandle, checkFileName } from './requests/hash-requests.ts';
import { hardLink, lsetStat, posixRename } from './requests/path-requests.ts';
import { expandPath, homeDirectory, limits, usersGroupsById, vendorId } from './requests/session-requests.ts';
import { fileSpace, space, spaceAvailable } from './requests/space-requests.ts';
import type { RequestKind } from './session.ts';

interface Extension extends RequestKind {
  readonly name: string;
  /** What VERSION says with the name: a version, as a rule. Without it the extension is served and not advertised. */
  readonly version?: string;
  /** Absent: on every file system. */
  readonly isServed?: (fileSystem: FileSystem) => boolean;
}

/** The product as vendor-id tells it. */
export interface Product {
  readonly vendor: string;
  readonly name: string;
  readonly version: string;
}

const VENDOR_ID = 'vendor-id';
const hasSpace = ({ spaceReporting }: FileSystem): boolean => spaceReporting !== undefined;

const EXTENSIONS: readonly Extension[] = [
  {
    name: 'posix-rename@openssh.com',
    version: '1',
    operation: 'POSIX_RENAME',
    isServed: ({ replacing }) => replacing !== undefined,
    handle: posixRename,
  },
  {
    name: 'statvfs@openssh.com',
    version: '2',
    operation: 'STATVFS',
    isServed: hasSpace,
    handle: space,
  },
  {
    name: 'fstatvfs@openssh.com',
    version: '2',
    operation: 'FSTATVFS',
    isServed: hasSpace,
    handle: fileSpace,
  },
  {
    name: 'hardlink@openssh.com',
    version: '1',
    operation: 'HARDLINK',
    isServed: ({ hardLinks }) => hardLinks !== undefined,
    handle: hardLink,
  },
  { name: 'fsync@openssh.com', version: '1', operation: 'FSYNC', handle: sync },
  { name: 'lsetstat@openssh.com', version: '1', operation: 'LSETSTAT', handle: lsetStat },
  { name: 'limits@openssh.com', version: '1', operation: 'LIMITS', handle: limits },
  { name: 'expand-path@openssh.com', version: '1', operation: 'EXPAND_PATH', handle: expandPath },
  { name: 'copy-data', version: '1', operation: 'COPY_DATA', handle: copyBetween },
  { name: 'home-directory', version: '1', operation: 'HOME_DIRECTORY', handle: homeDirectory },
  {
    name: 'users-groups-by-id@openssh.com',
    version: '1',
    operation: 'USERS_GROUPS_BY_ID',
    handle: usersGroupsById,
  },
  { name: 'copy-file', version: '1', operation: 'COPY_FILE', handle: copyFile },
  {
    name: 'space-available',
    version: '1',
    operation: 'SPACE_AVAILABLE',
    isServed: hasSpace,
    handle: spaceAvailable,
  },
  { name: 'check-file', version: HASH_ALGORITHM_NAMES, operation: 'CHECK_FILE', handle: checkFile },
  { name: 'check-file-handle', operation: 'CHECK_FILE', handle: checkFileHandle },
  { name: 'check-file-name', operation: 'CHECK_FILE', handle: checkFileName },
  { name: VENDOR_ID, operation: 'VENDOR_ID', handle: vendorId },
];

/** The extensions that can be served on a file system, which keeps its capabilities for life. */
export class ExtensionSet {
  readonly #byName: ReadonlyMap<string, Extension>;

  constructor(fileSystem: FileSystem) {
    const served = EXTENSIONS.filter(({ isServed }) => isServed === undefined || isServed(fileSystem));
    this.#byName = new Map(served.map((extension) => [extension.name, extension]));
  }

  get(name: string): RequestKind | undefined {
    return this.#byName.get(name);
  }

  /** The pairs of name and version in VERSION; vendor-id only with a product to tell of. */
  advertisement(product?: Product): Uint8Array {
    const writer = new ByteWriter(1024);
    for (const { name, version } of this.#byName.values()) {
      if (version !== undefined) writer.string(name).string(version);
    }
    if (product !== undefined) writer.string(VENDOR_ID).string(productData(product));
    return writer.finish();
  }
}

/** draft-ietf-secsh-filexfer-13, section 4.4. There are no build numbers. */
function productData({ vendor, name, version }: Product): Uint8Array {
  return new ByteWriter().string(vendor).string(name).string(version).uint64(0).finish();
}
