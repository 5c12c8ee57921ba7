/** The S3 actions and ARNs of each operation, as the calls need them that Transfer Family makes (aws-transfer.md §4.7). */

import type { AccessRequest, Need } from './access.ts';
import type { AttributeChanges } from './file-system.ts';
import { type AccessRules, changesTree, type OpenIntent } from './guard-rules.ts';
import { ROOT, rebase, type VirtualPath } from './virtual-path.ts';

/** Keys in one page of a listing, S3's own limit. */
const PAGE_KEYS = '1000';
/** Enough to know whether anything is there. */
const PROBE_KEYS = '1';

export interface S3RulesOptions {
  readonly partition: string;
  readonly bucket: string;
  /** Where the view begins in the bucket. */
  readonly base: VirtualPath;
}

export class S3Rules implements AccessRules {
  readonly judgesEveryName = true;
  readonly #bucketArn: string;
  readonly #base: VirtualPath;

  constructor({ partition, bucket, base }: S3RulesOptions) {
    this.#bucketArn = `arn:${partition}:s3:::${bucket}`;
    this.#base = base;
  }

  list(path: VirtualPath): readonly Need[] {
    return [[this.#listing(this.#directoryKey(path), PAGE_KEYS)]];
  }

  look(path: VirtualPath): readonly Need[] {
    const [file, directory] = [this.#fileShown(path), this.#directoryShown(path)];
    return [this.#key(path) === '' ? directory : [...file, ...directory]];
  }

  lookAtFile(path: VirtualPath): readonly Need[] {
    return [this.#fileShown(path)];
  }

  lookAtDirectory(path: VirtualPath): readonly Need[] {
    return [this.#directoryShown(path)];
  }

  /** Writing into what is there means that what is there is read and stored again. */
  open(path: VirtualPath, intent: OpenIntent): readonly Need[] {
    const { read, write, truncate, exclusive } = intent;
    const keepsContents = write && !truncate && !exclusive;
    return this.#onKey(this.#key(path), [
      ...(read || keepsContents ? ['s3:GetObject'] : []),
      ...(changesTree(intent) ? ['s3:PutObject'] : []),
    ]);
  }

  /** All but emptying a file writes the object anew from what it holds. */
  change(path: VirtualPath, changes: AttributeChanges): readonly Need[] {
    const { sizeBytes, mode, owner, times } = changes;
    const onlyEmpties = sizeBytes === 0 && mode === undefined && owner === undefined && times === undefined;
    return this.#onKey(this.#key(path), onlyEmpties ? ['s3:PutObject'] : ['s3:PutObject', 's3:GetObject']);
  }

  makeDirectory(path: VirtualPath): readonly Need[] {
    return this.#onKey(this.#directoryKey(path), ['s3:PutObject']);
  }

  /** It has to be seen to be empty. */
  removeDirectory(path: VirtualPath): readonly Need[] {
    const key = this.#directoryKey(path);
    return [[this.#listing(key, PROBE_KEYS)], ...this.#onKey(key, ['s3:DeleteObject'])];
  }

  remove(path: VirtualPath): readonly Need[] {
    return this.#onKey(this.#key(path), ['s3:DeleteObject']);
  }

  moveFile(from: VirtualPath, to: VirtualPath): readonly Need[] {
    return this.#moveKey(this.#key(from), this.#key(to));
  }

  moveDirectory(from: VirtualPath, to: VirtualPath): readonly Need[] {
    const key = this.#directoryKey(from);
    return [[this.#listing(key, PAGE_KEYS)], ...this.#moveKey(key, this.#directoryKey(to))];
  }

  #moveKey(from: string, to: string): readonly Need[] {
    return [...this.#onKey(from, ['s3:GetObject', 's3:DeleteObject']), ...this.#onKey(to, ['s3:PutObject'])];
  }

  /** HEAD shows it, and so does a listing that it is in. */
  #fileShown(path: VirtualPath): Need {
    const key = this.#key(path);
    return [this.#object(key, 's3:GetObject'), this.#listing(key, PROBE_KEYS)];
  }

  #directoryShown(path: VirtualPath): Need {
    const key = this.#directoryKey(path);
    const listing = this.#listing(key, PROBE_KEYS);
    return key === '' ? [listing] : [listing, this.#object(key, 's3:GetObject')];
  }

  #onKey(key: string, actions: readonly string[]): readonly Need[] {
    return actions.map((action) => [this.#object(key, action)]);
  }

  #object(key: string, action: string): AccessRequest {
    return { action, resource: `${this.#bucketArn}/${key}` };
  }

  #listing(prefix: string, maxKeys: string): AccessRequest {
    return {
      action: 's3:ListBucket',
      resource: this.#bucketArn,
      keys: new Map([
        ['s3:prefix', prefix],
        ['s3:delimiter', '/'],
        ['s3:max-keys', maxKeys],
      ]),
    };
  }

  #key(path: VirtualPath): string {
    return rebase(path, ROOT, this.#base).slice(1);
  }

  /** With a slash at its end, as the marker has it; the bucket itself has none. */
  #directoryKey(path: VirtualPath): string {
    const key = this.#key(path);
    return key === '' ? '' : `${key}/`;
  }
}
