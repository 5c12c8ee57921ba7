/** Whom a thread acts as: the kernel checks files against the thread's file-system ids and groups. */

import { FileError } from '../../../error.ts';
import type { PosixProfile } from '../../../storage.ts';
import type { SystemCalls } from './system-calls.ts';

/**
 * CHOWN, DAC_OVERRIDE, DAC_READ_SEARCH, FOWNER, FSETID, SETGID and SETUID. A profile of uid 0 needs the first five, and
 * the kernel takes them from every other one; the last two change identities. What else root may do, such as writing
 * beyond a quota, is not for sessions.
 */
const KEPT_CAPABILITIES = 0b1101_1111;
const ROOT_UID = 0;
/** Nobody's ids, to see whether taking on another identity works at all. */
const TRIAL: PosixProfile = { uid: 65_534, gid: 65_534, secondaryGids: [65_534] };

/** The first five: what lets root pass by the permissions of files. */
const FILE_CAPABILITIES = 0b1_1111;

/** Asked before each operation, so that nothing that one session left behind reaches the next. */
export class ThreadIdentity {
  readonly #calls: SystemCalls;
  readonly #own: PosixProfile;
  /** `undefined` after a failure half way: nobody knows what the thread is. */
  #current: string | undefined;

  constructor(calls: SystemCalls) {
    this.#calls = calls;
    this.#own = calls.credentials();
    this.#current = keyOf(this.#own);
  }

  /**
   * Why other identities cannot be taken on; `undefined` when they can. Gives up what no identity needs.
   *
   * @throws Error when the thread is left as nobody knows whom
   */
  tryOut(): string | undefined {
    if (this.#own.uid !== ROOT_UID) return 'the server does not run as root';
    try {
      this.become(TRIAL);
      if ((this.#calls.capabilities() & FILE_CAPABILITIES) !== 0) return 'root keeps its rights over files';
      this.become(undefined);
      this.#calls.keepCapabilities(KEPT_CAPABILITIES);
      return undefined;
    } catch (error) {
      if (this.#current !== keyOf(this.#own)) throw error;
      return error instanceof Error ? error.message : String(error);
    } finally {
      this.become(undefined);
    }
  }

  /** Whether the thread now acts as root. */
  get isRoot(): boolean {
    return this.#calls.fsuid() === ROOT_UID;
  }

  /** Takes on the profile, or what the process itself is. @throws FileError PERMISSION_DENIED, SystemCallError */
  become(profile: PosixProfile = this.#own): void {
    const key = keyOf(profile);
    if (this.#current === key) return;
    const calls = this.#calls;
    calls.setgroups(profile.secondaryGids);
    this.#current = undefined;
    calls.setfsgid(profile.gid);
    calls.setfsuid(profile.uid);
    if (calls.fsuid() !== profile.uid || calls.fsgid() !== profile.gid)
      throw new FileError('PERMISSION_DENIED');
    this.#current = key;
  }
}

function keyOf({ uid, gid, secondaryGids }: PosixProfile): string {
  return `${uid}:${gid}:${secondaryGids.join()}`;
}
