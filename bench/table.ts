/** The printed table of a bench: a block per row, a line per metric, a column per peer, ratios against the measure. */

import { alignColumns } from '../test/interop/report.ts';
import type { Metric } from './row.ts';

/** What one row gave. */
export interface RowResult {
  readonly row: string;
  readonly metrics: readonly Metric[];
  /** By peer: for every run the values in the order of the metrics. */
  readonly runs: Readonly<Record<string, readonly (readonly number[])[]>>;
  /** By peer. */
  readonly notes: Readonly<Record<string, string>>;
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

/** `ratio` is the first peer against the last, which is the measure; `(better)` says who wins. */
export function formatTable(results: readonly RowResult[], peers: readonly string[]): string {
  const measured = peers[0] ?? '';
  const measure = peers.at(-1) ?? '';
  const withRatio = peers.length > 1;
  const header = ['', ...peers, ...(withRatio ? [`${measured}/${measure}`] : [])];
  const lines = results.flatMap((result) => [
    [result.row, ...peers.map((peer) => result.notes[peer] ?? ''), ...(withRatio ? [''] : [])],
    ...result.metrics.map((metric, index) => {
      const medians = peers.map((peer) => medianOf(result, peer, index));
      const cells = medians.map((value) => (value === undefined ? '-' : value.toFixed(metric.decimals)));
      const ratio = withRatio ? [formatRatio(metric, medians[0], medians.at(-1))] : [];
      return [`  ${metric.name}`, ...cells, ...ratio];
    }),
  ]);
  return alignColumns([header, ...lines]);
}

function formatRatio(metric: Metric, measured: number | undefined, measure: number | undefined): string {
  if (measured === undefined || measure === undefined || measure === 0) return '-';
  const ratio = measured / measure;
  const isBetter = metric.better === 'higher' ? ratio > 1 : ratio < 1;
  return `${ratio.toFixed(2)} ×${isBetter ? ' (better)' : ''}`;
}
