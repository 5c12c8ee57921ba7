/** The structured log of a served process, as objects. */

import { z } from 'zod';

const entry = z.looseObject({
  level: z.string(),
  msg: z.string(),
  'activity-type': z.string().optional(),
  user: z.string().optional(),
  method: z.string().optional(),
  'server-id': z.string().optional(),
  code: z.string().optional(),
  message: z.string().optional(),
});

export type LogEntry = z.output<typeof entry>;

/** Lines that are no JSON are none of the log's. */
export function logEntries(output: string): readonly LogEntry[] {
  return output.split('\n').flatMap((line) => (line.startsWith('{') ? [entry.parse(JSON.parse(line))] : []));
}

/** Refused logins of a user. */
export function failuresOf(output: string, userName: string): readonly LogEntry[] {
  return logEntries(output).filter(
    ({ 'activity-type': type, user }) => type === 'AUTH_FAILURE' && user === userName,
  );
}
