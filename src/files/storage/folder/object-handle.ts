/** What the handles of a bucket have in common: which object they are open on. */

import type { FileHandle } from '../../file-system.ts';
import type { VirtualPath } from '../../virtual-path.ts';
import type { Staging } from './staging.ts';

/** One object of one bucket. */
export interface ObjectPlace {
  /** Each bucket has one. */
  readonly staging: Staging;
  /** From the root of the bucket. */
  readonly key: VirtualPath;
}

export abstract class ObjectHandle {
  readonly place: ObjectPlace;

  constructor(place: ObjectPlace) {
    this.place = place;
  }

  /** By key, as S3 tells objects apart: the file behind a key changes with every upload. */
  async isSameFile(other: FileHandle): Promise<boolean> {
    if (!(other instanceof ObjectHandle)) return false;
    return this.place.key === other.place.key && this.place.staging === other.place.staging;
  }
}
