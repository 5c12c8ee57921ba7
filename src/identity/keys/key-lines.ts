/** Reads texts in the form of an authorized_keys file, within the bounds of what the server takes. */

import { Denied } from '../decision.ts';
import { MAX_PUBLIC_KEY_CHARACTERS, MAX_PUBLIC_KEYS } from '../keys-answer.ts';
import type { RecordKey } from '../records/record.ts';

/** Most bytes that are read for one user: twice what 50 keys of RSA 4096 with comments take. */
export const MAX_KEYS_BYTES = 128 * 1024;

/**
 * The keys of all texts, each once. Blank lines and comments are left out; what is no key is for the server to skip.
 * @throws Denied RECORD_INVALID for more or longer ones than the server takes: to leave some out would be a guess
 */
export function keysOf(texts: readonly string[]): readonly RecordKey[] {
  const lines = texts.flatMap((text) => text.split(/\r\n|\n|\r/)).map((line) => line.trim());
  const keys = new Set(lines.filter((line) => line !== '' && !line.startsWith('#')));
  if (keys.size > MAX_PUBLIC_KEYS) throw tooMuch(`More than ${MAX_PUBLIC_KEYS} public keys.`);
  const longest = Math.max(0, ...[...keys].map((line) => line.length));
  if (longest > MAX_PUBLIC_KEY_CHARACTERS) throw tooMuch(`A public key of ${longest} characters.`);
  return [...keys].map((line) => ({ line }));
}

/** @throws Denied RECORD_INVALID */
export function checkKeysSize(byteCount: number): void {
  if (byteCount > MAX_KEYS_BYTES) throw tooMuch(`More than ${MAX_KEYS_BYTES} bytes of public keys.`);
}

function tooMuch(detail: string): Denied {
  return new Denied('RECORD_INVALID', detail);
}
