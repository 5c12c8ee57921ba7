/** How the modes of the `FileSystem` interface become flags and permissions of the system. */

import fs from 'node:fs';
import type { AttributeChanges, OpenMode } from '../../file-system.ts';
import { CLIENT_MODE_BITS } from './attributes.ts';

/** Before the umask of the process. */
const DEFAULT_FILE_MODE = 0o666;
/** Before the umask of the process. */
const DEFAULT_DIRECTORY_MODE = 0o777;

const { O_APPEND, O_CREAT, O_EXCL, O_NOCTTY, O_NONBLOCK, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY } = fs.constants;

/** Never blocks: a FIFO or a device opens at once and is then refused. */
export function openFlags(mode: OpenMode): number {
  let flags = O_NONBLOCK | O_NOCTTY;
  if (mode.read && mode.write) flags |= O_RDWR;
  else flags |= mode.write ? O_WRONLY : O_RDONLY;
  if (mode.write && mode.append) flags |= O_APPEND;
  if (mode.write && mode.truncate) flags |= O_TRUNC;
  if (mode.create) flags |= mode.exclusive ? O_CREAT | O_EXCL : O_CREAT;
  return flags;
}

export function newFileMode({ mode = DEFAULT_FILE_MODE }: AttributeChanges): number {
  return mode & CLIENT_MODE_BITS;
}

export function newDirectoryMode({ mode = DEFAULT_DIRECTORY_MODE }: AttributeChanges): number {
  return mode & CLIENT_MODE_BITS;
}
