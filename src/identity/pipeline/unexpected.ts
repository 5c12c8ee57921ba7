/** What is neither a denial nor a fault: a mistake in a program. */

import { IdentityFault } from '../decision.ts';

/** A place in the code, in a line of a stack trace. */
const FRAME = /^ {4}at [^\n]*:\d+:\d+\)?$/;

/** The error as a fault. Of others than faults nothing is kept: a message may quote a password or the answer of a server. */
export function asFault(error: unknown): IdentityFault {
  return error instanceof IdentityFault ? error : new IdentityFault('INTERNAL_ERROR');
}

/** Where in the code the error was thrown, without what it says. */
export function describeMistake(error: unknown): string {
  const name = error instanceof TypeError ? 'TypeError' : 'unexpected error';
  const place = error instanceof Error ? placeOf(error) : undefined;
  return `${name} ${place ?? 'at an unknown place'}; please report it`;
}

/** The message comes first and may have lines that look like places; what is after it is real. */
function placeOf({ stack = '', message }: Error): string | undefined {
  const lines = stack.split('\n').slice(message.split('\n').length);
  return lines.find((line) => FRAME.test(line))?.trim();
}
