/**
 * The system calls that Node does not have, or not per thread, through koffi. Raw calls and not the functions of the C
 * library: those change the credentials of every thread of the process.
 */

import { constants } from 'node:os';
import koffi from 'koffi';
import type { PosixProfile } from '../../../storage.ts';
import {
  type FileStatus,
  readStatfs,
  readStatx,
  type SpaceStatus,
  STATFS_BYTES,
  STATX_BYTES,
} from './status.ts';
import { SYSTEM_CALL_NUMBERS } from './system-call-numbers.ts';

/** `struct open_how`: flags, mode and resolve, each of 64 bits. */
const OPEN_HOW_BYTES = 24;
const STATX_BASIC_STATS = 0x7ff;
const AT_FDCWD = -100;
export const AT_SYMLINK_NOFOLLOW = 0x100;
export const AT_REMOVEDIR = 0x200;
export const AT_EMPTY_PATH = 0x1000;
export const RENAME_NOREPLACE = 1;
/** Longest target of a link (PATH_MAX). */
const LINK_TARGET_BYTES = 4096;
/** Most groups that the kernel takes (NGROUPS_MAX). */
const MAX_GROUPS = 65_536;
/** Sets nothing and tells what is set: no such id exists. */
const ASK = -1;
/** `_LINUX_CAPABILITY_VERSION_3`. */
const CAPABILITY_VERSION = 0x20080522;
/** Ids are of 32 bits. */
const MAX_ID = 0xffff_ffff;
const NANOSECONDS = 1e9;

const ERRNO_NAMES = new Map(Object.entries(constants.errno).map(([name, value]) => [value, name]));

/** A system call failed; `code` is the name of its errno. */
export class SystemCallError extends Error {
  override readonly name = 'SystemCallError';
  readonly code: string;

  constructor(call: string, code: string) {
    super(`${call}: ${code}`);
    this.code = code;
  }
}

/** The calls of one thread. Paths are NUL-free; every method throws `SystemCallError`. */
export type SystemCalls = ReturnType<typeof systemCalls>;

/** @throws Error where koffi or the machine's numbers are missing */
export function systemCalls() {
  const numbers =
    process.arch === 'x64' || process.arch === 'arm64' ? SYSTEM_CALL_NUMBERS[process.arch] : undefined;
  if (process.platform !== 'linux' || numbers === undefined) {
    throw new Error(`system calls of ${process.platform} on ${process.arch} are not known`);
  }
  const library = koffi.load(null);
  const withNumbers = library.func('syscall', 'long', ['long', 'long', 'long', 'long', 'long']);
  const withPath = library.func('syscall', 'long', ['long', 'long', 'str', 'long', 'long', 'long']);
  const withPathOnly = library.func('syscall', 'long', ['long', 'str', 'long']);
  const withPathAndBuffer = library.func('syscall', 'long', ['long', 'long', 'str', 'uint8_t *', 'long']);
  const withTwoPaths = library.func('syscall', 'long', ['long', 'long', 'str', 'long', 'str', 'long']);
  const withTarget = library.func('syscall', 'long', ['long', 'str', 'long', 'str']);
  const withBuffer = library.func('syscall', 'long', ['long', 'long', 'uint8_t *', 'long']);
  const withTwoBuffers = library.func('syscall', 'long', ['long', 'uint8_t *', 'uint8_t *']);
  const withTwoOffsets = library.func('syscall', 'long', [
    'long',
    'long',
    'uint8_t *',
    'long',
    'uint8_t *',
    'long',
    'long',
  ]);
  const statxOfPath = library.func('syscall', 'long', ['long', 'long', 'str', 'long', 'long', 'uint8_t *']);
  const statxOfBytes = library.func('syscall', 'long', [
    'long',
    'long',
    'uint8_t *',
    'long',
    'long',
    'uint8_t *',
  ]);

  const how = new Uint32Array(OPEN_HOW_BYTES / Uint32Array.BYTES_PER_ELEMENT);
  const howBytes = new Uint8Array(how.buffer);
  const statxBytes = new Uint8Array(STATX_BYTES);
  const statxView = new DataView(statxBytes.buffer);
  const statfsBytes = new Uint8Array(STATFS_BYTES);
  const statfsView = new DataView(statfsBytes.buffer);
  const target = Buffer.alloc(LINK_TARGET_BYTES);
  const capabilityHeader = new Uint8Array(new Uint32Array([CAPABILITY_VERSION, 0]).buffer);

  const check = (call: string, returned: number): number => {
    if (returned >= 0) return returned;
    const errno = koffi.errno();
    throw new SystemCallError(call, ERRNO_NAMES.get(errno) ?? `errno ${errno}`);
  };

  /** Effective, permitted, inheritable: first of the lower, then of the upper 32 capabilities. */
  const capget = (): Uint32Array<ArrayBuffer> => {
    const sets = new Uint32Array(6);
    check('capget', withTwoBuffers(numbers.capget, capabilityHeader, new Uint8Array(sets.buffer)));
    return sets;
  };

  return {
    openat2(directory: number, path: string, flags: number, mode: number, resolve: number): number {
      how[0] = flags;
      how[2] = mode;
      how[4] = resolve;
      return check('openat2', withPathAndBuffer(numbers.openat2, directory, path, howBytes, OPEN_HOW_BYTES));
    },

    statx(directory: number, path: string, flags: number): FileStatus {
      check('statx', statxOfPath(numbers.statx, directory, path, flags, STATX_BASIC_STATS, statxBytes));
      return readStatx(statxView);
    },

    /** The entry whose name, ended by a NUL, begins `name`; a link itself. */
    statxEntry(directory: number, name: Uint8Array): FileStatus {
      const flags = AT_SYMLINK_NOFOLLOW;
      check('statx', statxOfBytes(numbers.statx, directory, name, flags, STATX_BASIC_STATS, statxBytes));
      return readStatx(statxView);
    },

    fstatfs(descriptor: number): SpaceStatus {
      check('fstatfs', withBuffer(numbers.fstatfs, descriptor, statfsBytes, 0));
      return readStatfs(statfsView);
    },

    /** Fills `buffer` with `struct linux_dirent64`; 0 at the end of the directory. */
    getdents64(descriptor: number, buffer: Uint8Array): number {
      return check('getdents64', withBuffer(numbers.getdents64, descriptor, buffer, buffer.length));
    },

    mkdirat(directory: number, name: string, mode: number): void {
      check('mkdirat', withPath(numbers.mkdirat, directory, name, mode, 0, 0));
    },

    unlinkat(directory: number, name: string, flags: number): void {
      check('unlinkat', withPath(numbers.unlinkat, directory, name, flags, 0, 0));
    },

    renameat2(from: number, name: string, to: number, newName: string, flags: number): void {
      check('renameat2', withTwoPaths(numbers.renameat2, from, name, to, newName, flags));
    },

    /** Links the name itself, also where it is a symbolic link. */
    linkat(from: number, name: string, to: number, newName: string): void {
      check('linkat', withTwoPaths(numbers.linkat, from, name, to, newName, 0));
    },

    symlinkat(linkTarget: string, directory: number, name: string): void {
      check('symlinkat', withTarget(numbers.symlinkat, linkTarget, directory, name));
    },

    readlinkat(directory: number, name: string): string {
      const call = withPathAndBuffer(numbers.readlinkat, directory, name, target, target.length);
      return target.toString('utf8', 0, check('readlinkat', call));
    },

    /** Follows a link at the end of `path`. */
    chmod(path: string, mode: number): void {
      check('fchmodat', withPath(numbers.fchmodat, AT_FDCWD, path, mode, 0, 0));
    },

    /** Follows a link at the end of `path`. */
    truncate(path: string, sizeBytes: number): void {
      check('truncate', withPathOnly(numbers.truncate, path, sizeBytes));
    },

    /** Of what the descriptor is open on, which may be a link. */
    fchownat(descriptor: number, uid: number, gid: number): void {
      const owner = [checkedId(uid), checkedId(gid)] as const;
      check('fchownat', withPath(numbers.fchownat, descriptor, '', ...owner, AT_EMPTY_PATH));
    },

    /** Of what the descriptor is open on, which may be a link. Seconds since the epoch. */
    utimensat(descriptor: number, accessedSeconds: number, modifiedSeconds: number): void {
      const times = new BigInt64Array([...timespec(accessedSeconds), ...timespec(modifiedSeconds)]);
      const bytes = new Uint8Array(times.buffer);
      check('utimensat', withPathAndBuffer(numbers.utimensat, descriptor, '', bytes, AT_EMPTY_PATH));
    },

    fchmod(descriptor: number, mode: number): void {
      check('fchmod', withNumbers(numbers.fchmod, descriptor, mode, 0, 0));
    },

    ftruncate(descriptor: number, sizeBytes: number): void {
      check('ftruncate', withNumbers(numbers.ftruncate, descriptor, sizeBytes, 0, 0));
    },

    fchown(descriptor: number, uid: number, gid: number): void {
      check('fchown', withNumbers(numbers.fchown, descriptor, checkedId(uid), checkedId(gid), 0));
    },

    fsync(descriptor: number): void {
      check('fsync', withNumbers(numbers.fsync, descriptor, 0, 0, 0));
    },

    syncfs(descriptor: number): void {
      check('syncfs', withNumbers(numbers.syncfs, descriptor, 0, 0, 0));
    },

    /** May copy less; 0 at the end of the source. The descriptors keep their own positions. */
    copyFileRange(
      source: number,
      position: number,
      target: number,
      targetPosition: number,
      byteCount: number,
    ): number {
      const from = new Uint8Array(BigInt64Array.of(BigInt(position)).buffer);
      const to = new Uint8Array(BigInt64Array.of(BigInt(targetPosition)).buffer);
      const call = withTwoOffsets(numbers.copyFileRange, source, from, target, to, byteCount, 0);
      return check('copy_file_range', call);
    },

    close(descriptor: number): void {
      check('close', withNumbers(numbers.close, descriptor, 0, 0, 0));
    },

    /** What this thread has. */
    credentials(): PosixProfile {
      const groups = new Uint32Array(MAX_GROUPS);
      const bytes = new Uint8Array(groups.buffer);
      const count = check('getgroups', withBuffer(numbers.getgroups, MAX_GROUPS, bytes, 0));
      return {
        uid: check('setfsuid', withNumbers(numbers.setfsuid, ASK, 0, 0, 0)),
        gid: check('setfsgid', withNumbers(numbers.setfsgid, ASK, 0, 0, 0)),
        secondaryGids: Array.from(groups.subarray(0, count)),
      };
    },

    setgroups(groups: readonly number[]): void {
      const bytes = new Uint8Array(Uint32Array.from(groups).buffer);
      check('setgroups', withBuffer(numbers.setgroups, groups.length, bytes, 0));
    },

    /** Tells no failure: the caller asks `fsgid` afterwards. */
    setfsgid(gid: number): void {
      withNumbers(numbers.setfsgid, gid, 0, 0, 0);
    },

    /** Tells no failure: the caller asks `fsuid` afterwards. */
    setfsuid(uid: number): void {
      withNumbers(numbers.setfsuid, uid, 0, 0, 0);
    },

    fsuid(): number {
      return withNumbers(numbers.setfsuid, ASK, 0, 0, 0);
    },

    fsgid(): number {
      return withNumbers(numbers.setfsgid, ASK, 0, 0, 0);
    },

    /** Those in effect in this thread, the lower 32. */
    capabilities(): number {
      return capget()[0] ?? 0;
    },

    /** Gives up all capabilities of this thread but those whose bits are set; the kept ones are below 32. */
    keepCapabilities(bits: number): void {
      const kept = capget().map((set, index) => (index < 2 ? set & bits : 0));
      check('capset', withTwoBuffers(numbers.capset, capabilityHeader, new Uint8Array(kept.buffer)));
    },
  };
}

/** koffi would cut off the upper bits of a number that is too large, and 2^32 would become root. */
function checkedId(id: number): number {
  if (id < 0 || id > MAX_ID) throw new RangeError('an id is out of range');
  return id;
}

function timespec(seconds: number): [bigint, bigint] {
  const whole = Math.floor(seconds);
  return [BigInt(whole), BigInt(Math.floor((seconds - whole) * NANOSECONDS))];
}
