/** Reads a directory: names as the kernel gives them, and the attributes of those that are asked for. */

import { fileTypeOf } from '../attributes.ts';
import { errnoOf } from '../calls.ts';
import { encodeAttributes, NAME_SEPARATOR, UNKNOWN_NUMBERS } from './encoding.ts';
import type { Operation, Result } from './protocol.ts';
import type { SystemCalls } from './system-calls.ts';

/** Bytes that the kernel is asked for at a time: some hundred names. */
const BUFFER_BYTES = 16 * 1024;
/** `struct linux_dirent64`: inode (8), offset (8), length (2), type (1), then the name, ended by a NUL. */
const LENGTH_AT = 16;
const NAME_AT = 19;
const NUL = 0;
const DOT = 0x2e;
/** What `Buffer` puts where bytes are not UTF-8. */
const REPLACEMENT = '\ufffd';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

type EntriesRequest = Extract<Operation, { readonly kind: 'entries' }>;

/** The next entries of an open directory. Names that are gone by the time they are looked at are left out. */
export function nextEntries(calls: SystemCalls, request: EntriesRequest): Result {
  const { descriptor, maxEntries, showsLinks } = request;
  const names: string[] = [];
  const attributes: number[] = [];
  let unreadable = 0;
  let hasEnded = false;
  let rest = request.rest;
  while (names.length < maxEntries && !hasEnded) {
    if (rest.length === 0) {
      rest = readBuffer(calls, descriptor);
      hasEnded = rest.length === 0;
      continue;
    }
    const { bytes, next } = firstEntry(rest);
    rest = next;
    if (isDots(bytes)) continue;
    const name = decodeName(bytes);
    if (name === undefined) {
      unreadable += 1;
      continue;
    }
    const numbers = lookAt(calls, descriptor, bytes, showsLinks);
    if (numbers === undefined) continue;
    names.push(name);
    attributes.push(...numbers);
  }
  return {
    numbers: Float64Array.from([hasEnded ? 1 : 0, unreadable, ...attributes]),
    text: names.join(NAME_SEPARATOR),
    // A copy: the buffer that it is a part of would travel as a whole.
    bytes: rest.slice(),
  };
}

function readBuffer(calls: SystemCalls, descriptor: number): Uint8Array {
  const buffer = new Uint8Array(BUFFER_BYTES);
  return buffer.subarray(0, calls.getdents64(descriptor, buffer));
}

/** The bytes of the first name, with the NUL behind it, and what follows the entry. */
function firstEntry(entries: Uint8Array): { readonly bytes: Uint8Array; readonly next: Uint8Array } {
  const length = (entries[LENGTH_AT] ?? 0) | ((entries[LENGTH_AT + 1] ?? 0) << 8);
  const end = entries.indexOf(NUL, NAME_AT);
  return { bytes: entries.subarray(NAME_AT, end + 1), next: entries.subarray(length) };
}

function isDots(bytes: Uint8Array): boolean {
  if (bytes[0] !== DOT) return false;
  return bytes.length === 2 || (bytes.length === 3 && bytes[1] === DOT);
}

/** `undefined` for what is not UTF-8: no client could ask for it. */
function decodeName(bytes: Uint8Array): string | undefined {
  const name = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length - 1);
  const text = name.toString('utf8');
  if (!text.includes(REPLACEMENT)) return text;
  try {
    return utf8.decode(name);
  } catch {
    return undefined;
  }
}

function lookAt(
  calls: SystemCalls,
  descriptor: number,
  name: Uint8Array,
  showsLinks: boolean,
): readonly number[] | undefined {
  try {
    const status = calls.statxEntry(descriptor, name);
    if (!showsLinks && fileTypeOf(status.mode) === 'symlink') return undefined;
    return encodeAttributes(status);
  } catch (error) {
    return errnoOf(error) === 'ENOENT' ? undefined : UNKNOWN_NUMBERS;
  }
}
