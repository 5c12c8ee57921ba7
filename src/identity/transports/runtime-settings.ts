/** What is known of a function that a program runs through the Lambda Runtime API. */

import type { FunctionArn } from '../function-arn.ts';
import type { FunctionLine } from './function-settings.ts';

export interface RuntimeApiSettings {
  readonly functionArn: FunctionArn;
  /** Program and arguments; no shell reads them. */
  readonly command: readonly string[];
  /** Absolute path of the working folder. */
  readonly taskRoot: string;
  /** The function's own environment variables. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Longest time for one answer. Default 10 s. */
  readonly timeoutMs?: number;
  /** Most processes of this function. Default 8. */
  readonly maxInstances?: number;
  /** Receives what the program prints. */
  readonly onLine: (line: FunctionLine) => void;
}
