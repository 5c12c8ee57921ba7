/** Which attributes of an object can be changed. */

import { FileError } from '../../error.ts';
import type { AttributeChanges } from '../../file-system.ts';

export interface ObjectCalls {
  resize(sizeBytes: number): Promise<void>;
  setTimes(times: NonNullable<AttributeChanges['times']>): Promise<void>;
}

/**
 * Objects have a size and times. Modes and owners they have not: who asks for them is told so, after all the rest was
 * done (OpenSSH's rule).
 *
 * @throws the last failure
 */
export async function changeObject(changes: AttributeChanges, calls: ObjectCalls): Promise<void> {
  const { sizeBytes, mode, owner, times } = changes;
  const failures: unknown[] = [];
  const attempt = async (change: () => Promise<void>): Promise<void> => {
    await change().catch((error: unknown) => failures.push(error));
  };
  if (sizeBytes !== undefined) await attempt(() => calls.resize(sizeBytes));
  if (times !== undefined) await attempt(() => calls.setTimes(times));
  if (mode !== undefined || owner !== undefined) failures.push(new FileError('NOT_SUPPORTED'));
  if (failures.length > 0) throw failures.at(-1);
}
