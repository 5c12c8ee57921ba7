/** Asks the policies about a rename: for a directory, about every name that moves with it, before anything moves. */

import type { SessionAccess } from './access.ts';
import { FileError } from './error.ts';
import type { DirectoryEntry, FileSystem } from './file-system.ts';
import type { AccessRules } from './guard-rules.ts';
import { type VirtualPath, virtualPath } from './virtual-path.ts';

/** Most names that are asked about for one rename; a larger directory is moved in parts. */
export const MAX_MOVED_NAMES = 100_000;
/** Entries taken from a listing at a time. */
const BATCH_ENTRIES = 1000;

export interface Move {
  readonly files: FileSystem;
  readonly access: SessionAccess;
  readonly rules: AccessRules;
  readonly signal: AbortSignal;
  readonly from: VirtualPath;
  readonly to: VirtualPath;
}

interface MovedDirectory {
  readonly from: VirtualPath;
  readonly to: VirtualPath;
}

/**
 * A policy may forbid one file deep in a directory. Storages that move name by name ask about each again (`checkMoved`);
 * for the others what comes in between the last listing and the move itself moves along.
 *
 * @throws FileError PERMISSION_DENIED, LIMIT_EXCEEDED, ABORTED, and what the storage answers
 */
export async function checkMove(move: Move): Promise<void> {
  const { files, access, rules, from, to } = move;
  const asFile = rules.moveFile(from, to);
  const mayMoveDirectory = access.allows(rules.moveDirectory(from, to));
  if (!rules.judgesEveryName || !mayMoveDirectory) {
    // What is there is not looked for on behalf of somebody who may move neither.
    access.check(asFile);
    if (!rules.judgesEveryName) return;
  }
  const { type } = await files.stat(from, { followLinks: false });
  if (type !== 'directory') return access.check(asFile);
  access.check(rules.moveDirectory(from, to));
  await checkBelow(move);
}

/** One name of a directory that moves. @throws FileError PERMISSION_DENIED */
export function checkMoved(
  access: SessionAccess,
  rules: AccessRules,
  from: VirtualPath,
  to: VirtualPath,
  type: 'file' | 'directory',
): void {
  access.check(type === 'directory' ? rules.moveDirectory(from, to) : rules.moveFile(from, to));
}

async function checkBelow({ files, access, rules, signal, from, to }: Move): Promise<void> {
  const waiting: MovedDirectory[] = [{ from, to }];
  let nameCount = 0;
  for (let directory = waiting.pop(); directory !== undefined; directory = waiting.pop()) {
    for await (const { name, attributes } of entriesOf(files, directory.from, signal)) {
      nameCount += 1;
      if (nameCount > MAX_MOVED_NAMES)
        throw new FileError('LIMIT_EXCEEDED', 'the directory holds too many files to be renamed at once');
      const moved = { from: virtualPath(name, directory.from), to: virtualPath(name, directory.to) };
      const isDirectory = attributes.type === 'directory';
      checkMoved(access, rules, moved.from, moved.to, isDirectory ? 'directory' : 'file');
      if (isDirectory) waiting.push(moved);
    }
  }
}

async function* entriesOf(
  files: FileSystem,
  directory: VirtualPath,
  signal: AbortSignal,
): AsyncGenerator<DirectoryEntry> {
  const reader = await files.list(directory);
  try {
    for (;;) {
      if (signal.aborted) throw new FileError('ABORTED');
      const batch = await reader.next(BATCH_ENTRIES);
      if (batch.length === 0) return;
      yield* batch;
    }
  } finally {
    await reader.close();
  }
}
