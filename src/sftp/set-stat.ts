/** SETSTAT and FSETSTAT as the server's SetStatOption has them. */

import { FileError } from '../files/error.ts';
import type { AttributeChanges } from '../files/file-system.ts';
import type { VirtualPath } from '../files/virtual-path.ts';
import { OK, type Reply } from './reply.ts';
import type { SftpSession } from './session.ts';

export interface SetStat {
  /** What AWS calls it in its refusals, which operators search for. */
  readonly request: 'SETSTAT' | 'FSETSTAT';
  readonly path: VirtualPath;
  readonly changes: AttributeChanges;
}

/**
 * Makes the changes, or with ENABLE_NO_OP only the size: modes, owners and times are hints, but a program that is told
 * that a file was cut, when it was not, leaves a broken file behind.
 *
 * @throws FileError
 */
export async function changeAttributes(
  session: SftpSession,
  { request, path, changes }: SetStat,
  apply: (changes: AttributeChanges) => Promise<void>,
): Promise<Reply> {
  const made = session.ignoresSetStat ? sizeOf(changes) : changes;
  if (made !== undefined) await orUnsupported(request, () => apply(made));
  const ignored = session.ignoresSetStat ? ({ isIgnored: true } as const) : {};
  session.observer.changed({ operation: 'SETSTAT', path, changes, ...ignored });
  return OK;
}

function sizeOf({ sizeBytes }: AttributeChanges): AttributeChanges | undefined {
  return sizeBytes === undefined ? undefined : { sizeBytes };
}

async function orUnsupported(request: SetStat['request'], work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof FileError) || error.code !== 'NOT_SUPPORTED') throw error;
    throw new FileError('NOT_SUPPORTED', `${request} unsupported`, { cause: error });
  }
}
