/** The path as the client sees it: canonical, absolute, made in one place and used before every decision. */

import { FileError } from './error.ts';

/** Longest path in UTF-8 bytes (Linux PATH_MAX, without the terminating NUL). */
export const MAX_PATH_BYTES = 4095;
/** Longest single name in UTF-8 bytes (Linux NAME_MAX). */
export const MAX_NAME_BYTES = 255;

declare const canonical: unique symbol;
/** An absolute path: begins with `/`, no empty, `.` or `..` segments, no NUL, no trailing `/` except the root. */
export type VirtualPath = string & { readonly [canonical]: true };

/**
 * Canonical at a glance: no empty, `.` or `..` names, and each within `MAX_NAME_BYTES` whatever its characters are, as a
 * UTF-16 unit takes at most three bytes of UTF-8. Nearly every path is, and homes have thousands.
 */
const CANONICAL = /^(?:\/(?!\.{1,2}(?:\/|$))[^/\0]{1,85})+$/;
/** Within `MAX_PATH_BYTES` for the same reason. */
const MAX_GLANCE_LENGTH = MAX_PATH_BYTES / 3;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The only maker of a `VirtualPath`. Relative input is joined to `base`; `.` and `..` are resolved lexically, and `..`
 * at the root stays there. Two normalisers are how CVE-2026-30914 (SFTPGo) happened, so there is one.
 * Bytes are kept as given: no Unicode normalisation, and a backslash is an ordinary character.
 *
 * @throws FileError INVALID_PATH (NUL, lone surrogate, or bytes that are not UTF-8), NAME_TOO_LONG
 */
export function virtualPath(input: string | Uint8Array, base: VirtualPath = ROOT): VirtualPath {
  const text = typeof input === 'string' ? input : decode(input);
  if (text.includes('\0')) throw new FileError('INVALID_PATH', 'the path holds a NUL byte');
  if (!text.isWellFormed()) throw new FileError('INVALID_PATH', 'the path is not valid Unicode');
  if (text.length <= MAX_GLANCE_LENGTH && CANONICAL.test(text)) return text as VirtualPath;
  const segments = text.startsWith('/') ? [] : pathSegments(base);
  for (const segment of text.split('/')) {
    if (segment === '' || segment === '.') continue;
    if (segment === '..') {
      segments.pop();
      continue;
    }
    if (Buffer.byteLength(segment) > MAX_NAME_BYTES) throw new FileError('NAME_TOO_LONG');
    segments.push(segment);
  }
  const path = `/${segments.join('/')}`;
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) throw new FileError('NAME_TOO_LONG');
  return path as VirtualPath;
}

export const ROOT: VirtualPath = '/' as VirtualPath;

/** The names between the slashes; none for the root. */
export function pathSegments(path: VirtualPath): string[] {
  return path === '/' ? [] : path.slice(1).split('/');
}

/** The last name, or `''` for the root. */
export function baseName(path: VirtualPath): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** The directory that holds the path; the root holds itself. */
export function parentPath(path: VirtualPath): VirtualPath {
  return (path.slice(0, path.lastIndexOf('/')) || '/') as VirtualPath;
}

/** Whether `path` is `ancestor` or lies below it, compared by whole names (`/share` does not hold `/share2`). */
export function isWithin(path: VirtualPath, ancestor: VirtualPath): boolean {
  return ancestor === '/' || path === ancestor || path.startsWith(`${ancestor}/`);
}

/** Moves `path` from below `from` to below `to`. The caller has checked `isWithin(path, from)`. */
export function rebase(path: VirtualPath, from: VirtualPath, to: VirtualPath): VirtualPath {
  return virtualPath(`${to}/${from === '/' ? path : path.slice(from.length)}`);
}

function decode(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new FileError('INVALID_PATH', 'the path is not valid UTF-8');
  }
}
