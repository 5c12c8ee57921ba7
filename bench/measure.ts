/** Measures one piece of work: its time, the server's CPU time, the server's peak memory. */

import { setTimeout as delay } from 'node:timers/promises';
import type { ProcessTree } from './process-tree.ts';

/** Often enough to see the end of a short-lived child, rare enough to cost nothing that shows. */
const PEAK_POLL_MS = 100;
/** Children that served a connection end a moment after the client has gone. */
const SETTLE_TIMEOUT_MS = 5_000;
const SETTLE_POLL_MS = 20;
/** Of processes that use no CPU for so long, none is about to end. */
const REST_MS = 500;

export interface Usage {
  /** What `work` says it took. */
  readonly seconds: number;
  readonly serverCpuSeconds: number;
  /** The peaks of all processes that the server had during the work, added up; shared pages count in each. */
  readonly serverPeakBytes: number;
  /** Of the first process alone: without children, and without programs that a server runs for other things. */
  readonly firstProcessPeakBytes: number;
  /** How far the peaks are above what the server had when the work began. */
  readonly serverGrowthBytes: number;
}

/** `work` returns the seconds that count. */
export async function measure(tree: ProcessTree, work: () => Promise<number>): Promise<Usage> {
  const before = await tree.processes();
  await tree.resetPeaks();
  const cpuBefore = await tree.cpuSeconds();
  const bytesBefore = sum((await tree.peaks()).values());
  const sampler = new PeakSampler(tree);
  const sampling = sampler.run();
  let seconds: number;
  try {
    seconds = await work();
  } finally {
    sampler.stop();
    await sampling;
  }
  await settle(tree, before.length);
  const serverPeakBytes = sampler.sumOfPeaks();
  return {
    seconds,
    serverCpuSeconds: (await tree.cpuSeconds()) - cpuBefore,
    serverPeakBytes,
    firstProcessPeakBytes: sampler.peakOf(tree.rootId),
    serverGrowthBytes: serverPeakBytes - bytesBefore,
  };
}

function sum(values: Iterable<number>): number {
  return [...values].reduce((total, value) => total + value, 0);
}

/**
 * Waits for the children of the work: only when they are reaped do their times count for their parent. Helpers that a
 * server started to keep them do not end; they are known by their rest.
 */
async function settle(tree: ProcessTree, processCount: number): Promise<void> {
  const deadlineMs = performance.now() + SETTLE_TIMEOUT_MS;
  let cpuSeconds = await tree.cpuSeconds();
  let restingSinceMs = performance.now();
  while (performance.now() < deadlineMs) {
    const processes = await tree.processes();
    if (processes.length <= processCount) return;
    const nowSeconds = processes.reduce((sum, process) => sum + process.cpuSeconds, 0);
    if (nowSeconds !== cpuSeconds) restingSinceMs = performance.now();
    if (performance.now() - restingSinceMs > REST_MS) return;
    cpuSeconds = nowSeconds;
    await delay(SETTLE_POLL_MS);
  }
}

/** Remembers the peak of every process, because a child is gone at the end and its peak with it. */
class PeakSampler {
  readonly #tree: ProcessTree;
  readonly #peaks = new Map<number, number>();
  readonly #stop = new AbortController();

  constructor(tree: ProcessTree) {
    this.#tree = tree;
  }

  async run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await this.#sample();
      await delay(PEAK_POLL_MS, undefined, { signal: this.#stop.signal }).catch(() => {});
    }
    await this.#sample();
  }

  stop(): void {
    this.#stop.abort();
  }

  peakOf(processId: number): number {
    return this.#peaks.get(processId) ?? 0;
  }

  sumOfPeaks(): number {
    return sum(this.#peaks.values());
  }

  async #sample(): Promise<void> {
    for (const [processId, bytes] of await this.#tree.peaks()) {
      this.#peaks.set(processId, Math.max(bytes, this.#peaks.get(processId) ?? 0));
    }
  }
}
