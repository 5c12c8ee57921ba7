/** Looks for what is wrong with items of a mapping table before somebody tries to log in. */

import { Denied } from '../decision.ts';
import { lintRecord, type RecordProblem } from '../records/lint.ts';
import { readRecord } from '../records/reader.ts';
import type { RecordMembers } from '../records/record.ts';
import { checkVariables } from './variables.ts';

/** Members that are objects in an item and JSON in a secret. */
const JSON_MEMBERS = /(?:HomeDirectoryDetails|PosixProfile|Policy)$/;

/** An item as plain values, without its key. What is found holds nothing secret. */
export function lintMappingItem(item: RecordMembers, nowMs: number = Date.now()): readonly RecordProblem[] {
  const members = Object.fromEntries(
    Object.entries(item).map(([name, value]) => [name, asText(name, value)]),
  );
  return [...lintRecord(members, nowMs), ...lintVariables(members)];
}

/** Objects are right in tables, where a secret would need text. */
function asText(name: string, value: unknown): unknown {
  return JSON_MEMBERS.test(name) && typeof value === 'object' && value !== null
    ? JSON.stringify(value)
    : value;
}

/** Variables that there are not. What cannot be read at all is told by `lintRecord`. */
function lintVariables(members: RecordMembers): readonly RecordProblem[] {
  try {
    checkVariables(readRecord(members, { protocol: 'SFTP', requireProtocolPassword: [] }).record);
    return [];
  } catch (error) {
    if (!(error instanceof Denied)) throw error;
    const isTold = lintRecord(members).some(({ severity }) => severity === 'error');
    return isTold ? [] : [{ member: '', text: error.message, severity: 'error' }];
  }
}
