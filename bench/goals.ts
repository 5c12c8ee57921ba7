/** The goals of the project, as data: against a peer in the same run, or for the figure itself. */

import { medianOf, type RowResult } from './result.ts';

export interface Goal {
  /** What the names of its rows begin with. */
  readonly row: string;
  readonly metric: string;
  /** The peer whose figure is 1; without one, the figure itself is judged. */
  readonly against?: string;
  /** `at most` is for figures that are better when lower. */
  readonly bound: { readonly atLeast: number } | { readonly atMost: number };
}

const OPENSSH = 'OpenSSH';

export const SFTP_GOALS: readonly Goal[] = [
  { row: 'put, 1 stream', metric: 'MB/s', against: OPENSSH, bound: { atLeast: 1.15 } },
  { row: 'get, 1 stream', metric: 'MB/s', against: OPENSSH, bound: { atLeast: 1.15 } },
  { row: 'put, 1 stream', metric: 'server CPU s/GB', against: OPENSSH, bound: { atMost: 0.8 } },
  { row: 'get, 1 stream', metric: 'server CPU s/GB', against: OPENSSH, bound: { atMost: 0.6 } },
  { row: 'put, 8 streams', metric: 'MB/s', against: OPENSSH, bound: { atLeast: 1.2 } },
  { row: 'get, 8 streams', metric: 'MB/s', against: OPENSSH, bound: { atLeast: 1.2 } },
  { row: 'put, 100 ms', metric: 'MB/s', against: OPENSSH, bound: { atLeast: 4 } },
  { row: 'put, 100 ms', metric: 'of window ÷ round trip', bound: { atLeast: 0.8 } },
  { row: 'get, 100 ms', metric: 'of window ÷ round trip', bound: { atLeast: 0.8 } },
  { row: 'logins', metric: 'server CPU ms/login', against: OPENSSH, bound: { atMost: 1 / 15 } },
  { row: 'logins', metric: 'server CPU ms/login', against: 'rclone', bound: { atMost: 1 / 1.5 } },
  { row: 'put, small files', metric: 'files/s', against: OPENSSH, bound: { atLeast: 1.2 } },
  { row: 'get, small files', metric: 'files/s', against: OPENSSH, bound: { atLeast: 1.2 } },
  { row: 'listing', metric: 'ms', against: OPENSSH, bound: { atMost: 1 } },
  { row: 'listing', metric: 'ms to the first entry', bound: { atMost: 200 } },
  { row: 'idle sessions', metric: 'KiB per session (PSS)', bound: { atMost: 64 } },
];

const AWS_SDK = 'AWS SDK';

export const S3_GOALS: readonly Goal[] = [
  { row: 'put, 1 file', metric: 'MB/s', against: AWS_SDK, bound: { atLeast: 0.9 } },
  { row: '50 uploads at once', metric: 'peak RSS of the server process, MiB', bound: { atMost: 256 } },
  { row: 'many files', metric: 'peak RSS of the server process, MiB', bound: { atMost: 256 } },
  { row: 'listing', metric: 'ms to the first entry', bound: { atMost: 200 } },
  { row: 'policy decision', metric: 'µs', bound: { atMost: 2 } },
];

export interface Judgement {
  readonly goal: Goal;
  /** The ratio or the figure; undefined where it was not measured. */
  readonly value: number | undefined;
  /** Undefined where it was not measured. */
  readonly isMet: boolean | undefined;
}

/** What the goals of one metric say about `peer`. */
export function judge(
  goals: readonly Goal[],
  result: RowResult,
  metricIndex: number,
  peer: string,
): readonly Judgement[] {
  const metric = result.metrics[metricIndex]?.name;
  return goals
    .filter((goal) => goal.metric === metric && result.row.startsWith(goal.row))
    .map((goal) => {
      const figure = medianOf(result, peer, metricIndex);
      const measure = goal.against === undefined ? 1 : medianOf(result, goal.against, metricIndex);
      if (figure === undefined || measure === undefined || measure === 0) {
        return { goal, value: undefined, isMet: undefined };
      }
      const value = figure / measure;
      return { goal, value, isMet: meets(value, goal.bound) };
    });
}

/** `≥ 1.15 × met`, `≤ 0.67 × rclone missed`. */
export function formatJudgement({ goal, isMet }: Judgement): string {
  const { bound, against } = goal;
  const limit = 'atLeast' in bound ? `≥ ${shortNumber(bound.atLeast)}` : `≤ ${shortNumber(bound.atMost)}`;
  const unit = against === undefined ? '' : against === OPENSSH ? ' ×' : ` × ${against}`;
  const verdict = isMet === undefined ? 'not measured' : isMet ? 'met' : 'missed';
  return `${limit}${unit} ${verdict}`;
}

function meets(value: number, bound: Goal['bound']): boolean {
  return 'atLeast' in bound ? value >= bound.atLeast : value <= bound.atMost;
}

function shortNumber(value: number): string {
  return String(Number(value.toPrecision(2)) === value ? value : Number(value.toPrecision(3)));
}
