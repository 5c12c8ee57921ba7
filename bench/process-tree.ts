/** CPU time and memory of a server with all its processes, read from Linux's /proc. */

import { readdir, readFile, writeFile } from 'node:fs/promises';
import { BYTES_PER_KIB } from './units.ts';

/** USER_HZ: what the kernel counts CPU time in for user space; 100 on every Linux architecture that Node runs on. */
const TICKS_PER_SECOND = 100;
/** proc(5), clear_refs: 5 sets the peak resident size back to the present one. */
const RESET_PEAK = '5';

/** The fields of /proc/PID/stat that we need, proc(5). */
export interface ProcessStat {
  readonly processId: number;
  readonly parentId: number;
  /** User and system time of the process and of its children that ended and were waited for. */
  readonly cpuSeconds: number;
}

/** @throws Error when the text is not of a stat file. */
export function parseStat(text: string): ProcessStat {
  // The name in parentheses may hold spaces and parentheses itself, so the rest begins at the last one.
  const nameEnd = text.lastIndexOf(')');
  const fields = text.slice(nameEnd + 2).split(' ');
  const field = (index: number) => Number(fields[index]);
  // Counted from the state, which is field 3: ppid is 4; utime, stime, cutime and cstime are 14 to 17.
  const ticks = field(11) + field(12) + field(13) + field(14);
  const stat = {
    processId: Number.parseInt(text, 10),
    parentId: field(1),
    cpuSeconds: ticks / TICKS_PER_SECOND,
  };
  if (nameEnd < 0 || Object.values(stat).some(Number.isNaN)) throw new Error('this is no /proc/PID/stat');
  return stat;
}

/** VmHWM of /proc/PID/status in bytes; 0 for a process without memory of its own. */
export function parsePeakBytes(text: string): number {
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(text)?.[1] ?? 0) * BYTES_PER_KIB;
}

/** Pss of /proc/PID/smaps_rollup in bytes: pages that are shared count by the share of the process. */
export function parseProportionalBytes(text: string): number {
  return Number(/^Pss:\s+(\d+) kB$/m.exec(text)?.[1] ?? 0) * BYTES_PER_KIB;
}

/** The process and everything below it, in no order. */
export function selectTree(stats: readonly ProcessStat[], rootId: number): readonly ProcessStat[] {
  const children = Map.groupBy(stats, ({ parentId }) => parentId);
  const collect = (stat: ProcessStat): readonly ProcessStat[] => [
    stat,
    ...(children.get(stat.processId) ?? []).flatMap(collect),
  ];
  return stats.filter(({ processId }) => processId === rootId).flatMap(collect);
}

/** A server's processes, from its first one down. */
export class ProcessTree {
  readonly rootId: number;

  constructor(rootId: number) {
    this.rootId = rootId;
  }

  async processes(): Promise<readonly ProcessStat[]> {
    const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
    const texts = await Promise.all(names.map((name) => readProcessFile(name, 'stat')));
    return selectTree(
      texts.filter((text) => text !== undefined).map((text) => parseStat(text)),
      this.rootId,
    );
  }

  /** Of all processes that live and of all that ended and were waited for. */
  async cpuSeconds(): Promise<number> {
    return (await this.processes()).reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0);
  }

  /** Peak resident bytes by process id. */
  async peaks(): Promise<ReadonlyMap<number, number>> {
    const processes = await this.processes();
    const peaks = processes.map(async ({ processId }) => {
      const text = await readProcessFile(String(processId), 'status');
      return [processId, text === undefined ? 0 : parsePeakBytes(text)] as const;
    });
    return new Map(await Promise.all(peaks));
  }

  /** Resident bytes of all processes, each shared page once. */
  async proportionalBytes(): Promise<number> {
    let sum = 0;
    for (const { processId } of await this.processes()) {
      sum += parseProportionalBytes((await readProcessFile(String(processId), 'smaps_rollup')) ?? '');
    }
    return sum;
  }

  /** Starts the peaks anew where the kernel allows it; where not, they are those since the server's start. */
  async resetPeaks(): Promise<void> {
    for (const { processId } of await this.processes()) {
      await writeFile(`/proc/${processId}/clear_refs`, RESET_PEAK).catch(() => {});
    }
  }
}

/** Undefined when the process has ended in the meantime. */
async function readProcessFile(processId: string, name: string): Promise<string | undefined> {
  try {
    return await readFile(`/proc/${processId}/${name}`, 'utf8');
  } catch {
    return undefined;
  }
}
