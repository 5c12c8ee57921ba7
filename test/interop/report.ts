/** The printed result: a matrix, the reasons behind its cells, one closing line to be read by programs. */

import type { Check, Outcome } from './outcome.ts';

const CELL_WORDS: Readonly<Record<Outcome['kind'], string>> = {
  passed: 'ok',
  failed: 'FAIL',
  'not applicable': 'n/a',
  skipped: 'skip',
};
/** A cell of several checks shows the worst of them. */
const WORST_FIRST: readonly Outcome['kind'][] = ['failed', 'passed', 'skipped', 'not applicable'];

/** Rows × columns in the order given; a cell nobody filled is blank. */
export function formatMatrix(
  checks: readonly Check[],
  rows: readonly string[],
  columns: readonly string[],
): string {
  const header = ['', ...columns];
  const body = rows.map((row) => [row, ...columns.map((column) => cellWord(checks, row, column))]);
  return alignColumns([header, ...body]);
}

export function alignColumns(lines: readonly (readonly string[])[]): string {
  const widths = (lines[0] ?? []).map((_, index) =>
    Math.max(...lines.map((line) => line[index]?.length ?? 0)),
  );
  return lines
    .map((line) =>
      line
        .map((text, index) => text.padEnd(widths[index] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** One line per reason, with everything that shares it: `scp: list – scp has no listing`. */
export function formatReasons(checks: readonly Check[], kind: 'not applicable' | 'skipped'): string {
  const rowsByReason = new Map<string, Set<string>>();
  for (const { column, row, outcome } of checks) {
    if (outcome.kind !== kind) continue;
    const reason = `${column}\0${outcome.detail}`;
    rowsByReason.set(reason, (rowsByReason.get(reason) ?? new Set()).add(row));
  }
  return [...rowsByReason]
    .map(([reason, rows]) => {
      const [column, detail] = reason.split('\0');
      return `${column}: ${[...rows].join(', ')} – ${detail}`;
    })
    .join('\n');
}

export function formatFailures(checks: readonly Check[]): string {
  return checks
    .flatMap(({ column, row, variant, outcome }) =>
      outcome.kind === 'failed' ? [`${column}, ${row} (${variant}):\n${indent(outcome.detail)}`] : [],
    )
    .join('\n');
}

/** `N passed, N failed, N skipped`; what a client cannot do is none of the three. */
export function formatTotals(checks: readonly Check[]): string {
  const count = (kind: Outcome['kind']) => checks.filter(({ outcome }) => outcome.kind === kind).length;
  return `${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped`;
}

function cellWord(checks: readonly Check[], row: string, column: string): string {
  const kinds = checks
    .filter((check) => check.row === row && check.column === column)
    .map((c) => c.outcome.kind);
  const worst = WORST_FIRST.find((kind) => kinds.includes(kind));
  return worst === undefined ? '' : CELL_WORDS[worst];
}

function indent(text: string): string {
  return text.replace(/^/gm, '    ');
}
