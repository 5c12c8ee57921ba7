/** Decodes a text of records, JSON or YAML, without quoting it: what it holds is secret. */

import { isMap, LineCounter, parseDocument } from 'yaml';
import { duplicateKey } from '../../policy/duplicate-key.ts';
import { isMembers } from './member-look-up.ts';
import type { RecordMembers } from './record.ts';

export type DecodedText =
  | { readonly outcome: 'decoded'; readonly members: RecordMembers }
  | { readonly outcome: 'broken'; readonly problem: string };

/** The object that the text holds. JSON by the end of the name, else YAML. */
export function decodeRecordText(text: string, fileName: string): DecodedText {
  return fileName.endsWith('.json') ? decodeJson(text) : decodeYaml(text);
}

/** The object of a JSON text. */
export function decodeJson(text: string): DecodedText {
  const decoded = parseJson(text);
  if (!isMembers(decoded)) return broken('it does not hold a JSON object');
  // `JSON.parse` would take the last one: an `Enabled: false` before it would be lost.
  if (duplicateKey(text) !== undefined) return broken('it holds a name twice in one object');
  return { outcome: 'decoded', members: decoded };
}

function decodeYaml(text: string): DecodedText {
  const lineCounter = new LineCounter();
  // "Pretty" errors quote the lines around.
  const document = parseDocument(text, { lineCounter, prettyErrors: false });
  const [error] = document.errors;
  if (error !== undefined) return broken(`line ${lineCounter.linePos(error.pos[0]).line}: ${error.code}`);
  if (!isMap(document.contents)) return broken('it does not hold a YAML map');
  const decoded = toPlain(() => document.toJS());
  return isMembers(decoded)
    ? { outcome: 'decoded', members: decoded }
    : broken('its aliases cannot be followed');
}

/** Aliases to nothing, to what they stand in, or more than the library follows, show only now. */
function toPlain(convert: () => unknown): unknown {
  try {
    const plain = convert();
    // Throws for what holds itself, and would be followed without end.
    JSON.stringify(plain);
    return plain;
  } catch {
    return undefined;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function broken(problem: string): DecodedText {
  return { outcome: 'broken', problem };
}
