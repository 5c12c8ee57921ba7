/** Finds the records in a file, whatever wrote it: one record, a map or list of them, or a DynamoDB table. */

import { readFile } from 'node:fs/promises';
import { Denied } from '../decision.ts';
import { isMembers } from './member-look-up.ts';
import { MEMBERS, PROTOCOLS } from './reader.ts';
import type { RecordMembers } from './record.ts';
import { decodeJson, decodeRecordText } from './record-text.ts';

/** Members of other systems' records that name the user. */
const NAME_MEMBERS = ['UserName', 'userName', 'user_name', 'username', 'user', 'UserId'];
/** Where `aws dynamodb scan` and an export to S3 keep items. */
const ITEMS = 'Items';
const ITEM = 'Item';
/** Types of values in DynamoDB's JSON. */
const DYNAMODB_TYPES: ReadonlySet<string> = new Set([
  'S',
  'N',
  'B',
  'BOOL',
  'NULL',
  'L',
  'M',
  'SS',
  'NS',
  'BS',
]);

export interface NamedRecord {
  /** The user, or which record of the file it is. */
  readonly name: string;
  /** Undefined where the entry is no record at all. */
  readonly members: RecordMembers | undefined;
}

/** @throws Denied RECORD_INVALID where the file cannot be decoded; the error of the system where it cannot be read */
export async function readRecordFile(path: string): Promise<readonly NamedRecord[]> {
  const text = await readFile(path, 'utf8');
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const isExport = lines.length > 0 && lines.every((line) => line.startsWith(`{"${ITEM}"`));
  return isExport
    ? lines.flatMap((line) => recordsOf(membersOf(line, '.json')))
    : recordsOf(membersOf(text, path));
}

function membersOf(text: string, fileName: string): RecordMembers {
  const decoded = fileName === '.json' ? decodeJson(text) : decodeRecordText(text, fileName);
  if (decoded.outcome === 'broken') throw new Denied('RECORD_INVALID', `The file: ${decoded.problem}.`);
  return decoded.members;
}

function recordsOf(decoded: RecordMembers): readonly NamedRecord[] {
  const items = decoded[ITEMS];
  if (Array.isArray(items)) return items.map((item: unknown, index) => named(item, `item ${index + 1}`));
  const item = decoded[ITEM];
  if (isMembers(item)) return [named(item, 'item')];
  if (isTyped(decoded) || Object.keys(decoded).some(isMemberName)) return [named(decoded, 'the record')];
  return Object.entries(decoded).map(([name, value]) => ({ ...named(value, name), name }));
}

function named(value: unknown, otherwise: string): NamedRecord {
  if (!isMembers(value)) return { name: otherwise, members: undefined };
  const members = isTyped(value) ? withoutTypes(value) : value;
  const name = NAME_MEMBERS.map((member) => members[member]).find((each) => typeof each === 'string');
  return { name: typeof name === 'string' ? name : otherwise, members };
}

function isMemberName(name: string): boolean {
  return MEMBERS.some((member) => ['', ...PROTOCOLS].some((prefix) => name === `${prefix}${member}`));
}

function isTyped(members: RecordMembers): boolean {
  const values = Object.values(members);
  return values.length > 0 && values.every((value) => typeOf(value) !== undefined);
}

function typeOf(value: unknown): string | undefined {
  if (!isMembers(value)) return undefined;
  const [type, ...others] = Object.keys(value);
  return type !== undefined && others.length === 0 && DYNAMODB_TYPES.has(type) ? type : undefined;
}

function withoutTypes(members: RecordMembers): RecordMembers {
  return Object.fromEntries(Object.entries(members).map(([name, value]) => [name, withoutType(value)]));
}

function withoutType(value: unknown): unknown {
  const type = typeOf(value);
  if (type === undefined || !isMembers(value)) return value;
  const content = value[type];
  if (type === 'NULL') return null;
  if (type === 'N') return Number(content);
  if (type === 'M' && isMembers(content)) return withoutTypes(content);
  if (type === 'L' && Array.isArray(content)) return content.map((item: unknown) => withoutType(item));
  return content;
}
