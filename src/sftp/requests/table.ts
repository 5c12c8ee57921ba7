/** Which request type is served by what. */

import { MessageType } from '../protocol.ts';
import type { RequestKind } from '../session.ts';
import * as byHandle from './handle-requests.ts';
import * as opening from './open-requests.ts';
import * as byPath from './path-requests.ts';

/** In the order of draft-ietf-secsh-filexfer-02, section 3. EXTENDED is looked up by name. */
export const REQUESTS: ReadonlyMap<number, RequestKind> = new Map([
  [MessageType.OPEN, { operation: 'OPEN', handle: opening.open }],
  [MessageType.CLOSE, { operation: 'CLOSE', handle: byHandle.close }],
  [MessageType.READ, { operation: 'READ', handle: byHandle.read }],
  [MessageType.WRITE, { operation: 'WRITE', handle: byHandle.write }],
  [MessageType.LSTAT, { operation: 'LSTAT', handle: byPath.lstat }],
  [MessageType.FSTAT, { operation: 'FSTAT', handle: byHandle.fileStat }],
  [MessageType.SETSTAT, { operation: 'SETSTAT', handle: byPath.setStat }],
  [MessageType.FSETSTAT, { operation: 'FSETSTAT', handle: byHandle.setFileStat }],
  [MessageType.OPENDIR, { operation: 'OPENDIR', handle: opening.openDirectory }],
  [MessageType.READDIR, { operation: 'READDIR', handle: byHandle.readDirectory }],
  [MessageType.REMOVE, { operation: 'REMOVE', handle: byPath.remove }],
  [MessageType.MKDIR, { operation: 'MKDIR', handle: byPath.makeDirectory }],
  [MessageType.RMDIR, { operation: 'RMDIR', handle: byPath.removeDirectory }],
  [MessageType.REALPATH, { operation: 'REALPATH', handle: byPath.realPath }],
  [MessageType.STAT, { operation: 'STAT', handle: byPath.stat }],
  [MessageType.RENAME, { operation: 'RENAME', handle: byPath.rename }],
  [MessageType.READLINK, { operation: 'READLINK', handle: byPath.readLink }],
  [MessageType.SYMLINK, { operation: 'SYMLINK', handle: byPath.symlink }],
]);
