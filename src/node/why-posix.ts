/** What the mode bits of a POSIX file system say to an operation, name by name: for people, the kernel is the judge. */

import type { Stats } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import type { PosixProfile } from '../files/storage.ts';
import type { WhyOperation } from './why-operation.ts';

const READ = 4;
const WRITE = 2;
const SEARCH = 1;
const STICKY = 0o1000;
const ROOT_UID = 0;
const MODE_TEXT = ['---', '--x', '-w-', '-wx', 'r--', 'r-x', 'rw-', 'rwx'] as const;
const WORDS = [
  [READ, 'read'],
  [WRITE, 'write'],
  [SEARCH, 'search'],
] as const;

export interface PosixVerdict {
  readonly outcome: 'allowed' | 'denied' | 'unknown';
  readonly reason: string;
  /** One line for each name that was looked at. */
  readonly steps: readonly string[];
}

export interface PosixQuestion {
  /** Host directory of the file system. */
  readonly root: string;
  /** From the root to what is acted on. */
  readonly names: readonly string[];
  /** Of a rename: where to. */
  readonly targetNames?: readonly string[];
  readonly profile: PosixProfile;
  readonly operation: WhyOperation;
}

/** Never throws. Access control lists and links are not looked into: what they decide is `unknown`. */
export async function posixVerdict(question: PosixQuestion): Promise<PosixVerdict> {
  const steps: string[] = [];
  try {
    await judge(question, steps);
    return { outcome: 'allowed', reason: 'every name on the way allows it', steps };
  } catch (error) {
    if (error instanceof Judged) return { outcome: error.outcome, reason: error.message, steps };
    const reason = error instanceof Error ? error.message : String(error);
    return { outcome: 'unknown', reason, steps };
  }
}

/** Ends the walk: the first name that decides is the one that is told. */
class Judged extends Error {
  readonly outcome: 'denied' | 'unknown';

  constructor(outcome: 'denied' | 'unknown', reason: string) {
    super(reason);
    this.outcome = outcome;
  }
}

async function judge(question: PosixQuestion, steps: string[]): Promise<void> {
  const { names, targetNames, operation } = question;
  const parent = await enter(question, names.slice(0, -1), steps);
  const found = names.length === 0 ? parent : await look(question.root, names);
  const name = shown(names);
  switch (operation) {
    case 'stat':
      return;
    case 'list':
      return need(question, existing(found, name), name, READ | SEARCH, steps);
    case 'get':
      return need(question, existing(found, name), name, READ, steps);
    case 'put':
    case 'append':
      if (found !== undefined) return need(question, found, name, WRITE, steps);
      return need(question, parent, shown(names.slice(0, -1)), WRITE, steps);
    case 'setstat':
      return needOwner(question, existing(found, name), name);
    case 'mkdir':
      return need(question, parent, shown(names.slice(0, -1)), WRITE, steps);
    case 'rm':
    case 'rmdir':
      return needRemoval(question, parent, existing(found, name), steps);
    case 'rename': {
      needRemoval(question, parent, existing(found, name), steps);
      const above = (targetNames ?? []).slice(0, -1);
      const target = await enter(question, above, steps);
      return need(question, target, shown(above), WRITE, steps);
    }
  }
}

/** Goes through the directories; each has to allow the search. */
async function enter(question: PosixQuestion, names: readonly string[], steps: string[]): Promise<Stats> {
  let stats = existing(await look(question.root, []), '/');
  need(question, stats, '/', SEARCH, steps);
  for (const depth of names.keys()) {
    const path = names.slice(0, depth + 1);
    stats = existing(await look(question.root, path), shown(path));
    if (!stats.isDirectory()) throw new Judged('unknown', `${shown(path)} is not a directory`);
    need(question, stats, shown(path), SEARCH, steps);
  }
  return stats;
}

async function look(root: string, names: readonly string[]): Promise<Stats | undefined> {
  try {
    const stats = await lstat(join(root, ...names));
    if (stats.isSymbolicLink() && names.length > 0)
      throw new Judged('unknown', `${shown(names)} is a symbolic link; ask about what it points to`);
    return stats;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT') return undefined;
    if (code === 'EACCES')
      throw new Judged('unknown', `${shown(names)} cannot be looked at by this command; run it as root`);
    throw error;
  }
}

function existing(stats: Stats | undefined, name: string): Stats {
  if (stats === undefined) throw new Judged('unknown', `${name} does not exist`);
  return stats;
}

/** POSIX: the bits of the first class that fits count, even where a later one would give more. */
function need({ profile }: PosixQuestion, stats: Stats, name: string, bits: number, steps: string[]): void {
  const { asWhom, granted } = grantedBits(profile, stats);
  const wanted = WORDS.filter(([bit]) => (bits & bit) !== 0).map(([, word]) => word);
  const missing = WORDS.filter(([bit]) => (bits & ~granted & bit) !== 0).map(([, word]) => word);
  steps.push(
    `${name}: ${modeText(stats)} ${stats.uid}:${stats.gid}, ${wanted.join(' and ')} as ${asWhom}: ` +
      `${missing.length === 0 ? 'yes' : 'no'}`,
  );
  if (missing.length === 0) return;
  throw new Judged(
    'denied',
    `${name} (${modeText(stats)}, owner ${stats.uid}:${stats.gid}) does not let uid ${profile.uid} ${missing.join(' and ')}, as ${asWhom}`,
  );
}

function grantedBits(profile: PosixProfile, stats: Stats): { asWhom: string; granted: number } {
  if (profile.uid === ROOT_UID) return { asWhom: 'root', granted: READ | WRITE | SEARCH };
  if (profile.uid === stats.uid) return { asWhom: 'the owner', granted: (stats.mode >> 6) & 7 };
  const isMember = profile.gid === stats.gid || profile.secondaryGids.includes(stats.gid);
  return isMember
    ? { asWhom: 'the group', granted: (stats.mode >> 3) & 7 }
    : { asWhom: 'another user', granted: stats.mode & 7 };
}

/** Names belong to the directory that they are in, but in a sticky one to their owners. */
function needRemoval(question: PosixQuestion, parent: Stats, found: Stats, steps: string[]): void {
  const { names, profile } = question;
  const above = shown(names.slice(0, -1));
  need(question, parent, above, WRITE, steps);
  const isOwner = [ROOT_UID, parent.uid, found.uid].includes(profile.uid);
  if ((parent.mode & STICKY) === 0 || isOwner) return;
  throw new Judged(
    'denied',
    `${above} is sticky, and uid ${profile.uid} owns neither it nor ${shown(names)}`,
  );
}

function needOwner({ profile }: PosixQuestion, stats: Stats, name: string): void {
  if (profile.uid === ROOT_UID || profile.uid === stats.uid) return;
  throw new Judged('denied', `${name} belongs to uid ${stats.uid}, and only its owner may change it`);
}

function modeText({ mode }: Stats): string {
  return [6, 3, 0].map((shift) => MODE_TEXT[(mode >> shift) & 7]).join('');
}

function shown(names: readonly string[]): string {
  return `/${names.join('/')}`;
}
