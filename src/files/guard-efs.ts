/** The actions of EFS clients: a role may mount a file system, write to it, and be root on it; POSIX decides the rest. */

import type { AccessRequest, Need } from './access.ts';
import type { AttributeChanges } from './file-system.ts';
import { type AccessRules, changesTree, type LinkRules, type OpenIntent } from './guard-rules.ts';
import type { VirtualPath } from './virtual-path.ts';

export interface EfsRulesOptions {
  readonly partition: string;
  readonly region: string;
  readonly accountId: string;
  readonly fileSystemId: string;
  /** Where the session comes through one. */
  readonly accessPointId?: string;
  /** Whether the session acts as uid 0. */
  readonly isRoot: boolean;
}

export class EfsRules implements AccessRules {
  readonly judgesEveryName = false;
  readonly links: LinkRules;
  readonly #reading: readonly Need[];
  readonly #writing: readonly Need[];

  constructor({ partition, region, accountId, fileSystemId, accessPointId, isRoot }: EfsRulesOptions) {
    const place = `arn:${partition}:elasticfilesystem:${region}:${accountId}`;
    const keys = new Map([['elasticfilesystem:accessedviamounttarget', 'true']]);
    if (accessPointId !== undefined)
      keys.set('elasticfilesystem:accesspointarn', `${place}:access-point/${accessPointId}`);
    const request = (name: string): AccessRequest => ({
      action: `elasticfilesystem:${name}`,
      resource: `${place}:file-system/${fileSystemId}`,
      keys,
    });
    const root: readonly Need[] = isRoot ? [[request('ClientRootAccess')]] : [];
    this.#reading = [[request('ClientMount')], ...root];
    this.#writing = [[request('ClientMount')], [request('ClientWrite')], ...root];
    this.links = { read: this.#reading, make: this.#writing };
  }

  list(): readonly Need[] {
    return this.#reading;
  }

  look(): readonly Need[] {
    return this.#reading;
  }

  lookAtFile(): readonly Need[] {
    return this.#reading;
  }

  lookAtDirectory(): readonly Need[] {
    return this.#reading;
  }

  open(_path: VirtualPath, intent: OpenIntent): readonly Need[] {
    return changesTree(intent) ? this.#writing : this.#reading;
  }

  change(_path: VirtualPath, _changes: AttributeChanges): readonly Need[] {
    return this.#writing;
  }

  makeDirectory(): readonly Need[] {
    return this.#writing;
  }

  removeDirectory(): readonly Need[] {
    return this.#writing;
  }

  remove(): readonly Need[] {
    return this.#writing;
  }

  moveFile(): readonly Need[] {
    return this.#writing;
  }

  moveDirectory(): readonly Need[] {
    return this.#writing;
  }
}
