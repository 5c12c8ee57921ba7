/** What a row gave, and its medians. */

import type { Metric } from './row.ts';

export interface RowResult {
  readonly row: string;
  readonly metrics: readonly Metric[];
  /** By peer: for every run the values in the order of the metrics. */
  readonly runs: Readonly<Record<string, readonly (readonly number[])[]>>;
  /** By peer. */
  readonly notes: Readonly<Record<string, string>>;
  /** By peer that has no runs: why not. */
  readonly absent: Readonly<Record<string, string>>;
}

/** The middle value; of an even number the mean of the two in the middle. @throws Error for no values */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.ceil(sorted.length / 2) - 1];
  if (upper === undefined || lower === undefined) throw new Error('there is no median of nothing');
  return (upper + lower) / 2;
}

/** Median of one metric for a peer; undefined when the peer has no runs. */
export function medianOf(result: RowResult, peer: string, metricIndex: number): number | undefined {
  const values = (result.runs[peer] ?? []).map((run) => run[metricIndex] ?? Number.NaN);
  return values.length === 0 ? undefined : median(values);
}
