/** Reads what a source holds about a person for the protocol of a login, variables included. */

import type { Login } from '../providers/provider.ts';
import { readRecord } from '../records/reader.ts';
import type { RecordMembers, UserRecord } from '../records/record.ts';
import { expandRecord, type VariableContext } from './variables.ts';

/** What all sources share. */
export interface SourceContext {
  /** Name of the provider in the configuration. */
  readonly provider: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** What is odd about the record goes into the trace. @throws Denied RECORD_INVALID */
export function readMembers(
  members: RecordMembers,
  login: Login,
  context: VariableContext & { readonly source: string; readonly nowMs: number },
): UserRecord {
  // Passwords of profiles prove nothing, so no protocol needs one of its own.
  const reading = { protocol: login.protocol, requireProtocolPassword: [], nowMs: context.nowMs };
  const { record, remarks } = readRecord(members, reading);
  for (const { member, text } of remarks) login.trace.note(`profile ${context.source}: ${member}`, text);
  return expandRecord(record, context);
}
