/** The table of a bench: a block per row, a line per metric, a column per peer, the ratio against the measure, the goal. */

import { alignColumns } from '../test/interop/report.ts';
import { formatJudgement, type Goal, judge } from './goals.ts';
import { medianOf, type RowResult } from './result.ts';

/** Who is in the table; `peers` in the order of the columns. */
export interface TableFrame {
  readonly peers: readonly string[];
  /** The peer that goals are set for. */
  readonly measured: string;
  /** The peer that ratios are taken against. */
  readonly measure: string;
  readonly goals: readonly Goal[];
}

interface Line {
  readonly cells: readonly string[];
  readonly ratio: string;
  readonly goal: string;
}

/** For a terminal. */
export function formatTable(results: readonly RowResult[], frame: TableFrame): string {
  const header = ['', ...frame.peers, ratioTitle(frame), 'goal'];
  const lines = results.flatMap((result) => [
    [result.row, ...frame.peers.map((peer) => result.notes[peer] ?? ''), '', ''],
    ...metricLines(result, frame).map(({ name, line }) => [
      `  ${name}`,
      ...line.cells,
      line.ratio,
      line.goal,
    ]),
  ]);
  return alignColumns([header, ...lines]);
}

/** For a page. */
export function formatMarkdown(results: readonly RowResult[], frame: TableFrame): string {
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const header = ['row', '', ...frame.peers, ratioTitle(frame), 'goal'];
  const rule = header.map((_, index) => (index < 2 ? '---' : '---:'));
  const lines = results.flatMap((result) =>
    metricLines(result, frame).map(({ name, line }, index) =>
      row([index === 0 ? result.row : '', name, ...line.cells, line.ratio, line.goal]),
    ),
  );
  const notes = results.flatMap((result) =>
    Object.entries(result.notes).map(([peer, note]) => `- ${result.row}, ${peer}: ${note}`),
  );
  const table = [row(header), row(rule), ...lines].join('\n');
  return notes.length === 0 ? table : `${table}\n\n${notes.join('\n')}`;
}

/** One line for every peer that is missing in a row. */
export function formatAbsences(results: readonly RowResult[]): string {
  return results
    .flatMap(({ row, absent }) =>
      Object.entries(absent).map(([peer, reason]) => `${row}: ${peer} is absent: ${reason}`),
    )
    .join('\n');
}

function metricLines(
  result: RowResult,
  frame: TableFrame,
): readonly { readonly name: string; readonly line: Line }[] {
  return result.metrics.map((metric, index) => {
    const medians = new Map(frame.peers.map((peer) => [peer, medianOf(result, peer, index)]));
    const cells = frame.peers.map((peer) => medians.get(peer)?.toFixed(metric.decimals) ?? '-');
    const ratio = formatRatio(medians.get(frame.measured), medians.get(frame.measure));
    const goal = judge(frame.goals, result, index, frame.measured).map(formatJudgement).join(', ');
    return { name: metric.name, line: { cells, ratio, goal } };
  });
}

function ratioTitle({ measured, measure }: TableFrame): string {
  return `${measured}/${measure}`;
}

function formatRatio(measured: number | undefined, measure: number | undefined): string {
  if (measured === undefined || measure === undefined || measure === 0) return '-';
  return `${(measured / measure).toFixed(2)} ×`;
}
