/** A password as a record holds it: plain, or a hash that says how it was made. */

import { Secret } from '../secret.ts';
import { type Argon2, parseArgon2 } from './argon2.ts';
import { type Bcrypt, parseBcrypt } from './bcrypt.ts';
import { type Pbkdf2, parsePbkdf2 } from './pbkdf2.ts';
import { parseSaltedSha, type SaltedSha } from './salted-sha.ts';
import { parseScrypt, type Scrypt } from './scrypt.ts';

export type PasswordHash = Argon2 | Bcrypt | Scrypt | Pbkdf2 | SaltedSha;

export type StoredPassword = { readonly scheme: 'plain'; readonly text: Secret } | PasswordHash;

/** `$6$…`, `$y$…`, `$argon2id$…` */
const LOOKS_LIKE_CRYPT = /^\$[A-Za-z0-9-]{1,20}\$/;
/** `{SSHA}…`, `{CRYPT}…` (RFC 2307) */
const LOOKS_LIKE_RFC2307 = /^\{[A-Za-z0-9_.-]{2,20}\}/;
/** Django's `pbkdf2_sha256$…`, Werkzeug's `scrypt:…`, PostgreSQL's `SCRAM-SHA-256$…` */
const LOOKS_LIKE_OTHERS =
  /^(?:pbkdf2[_:]sha\d+[$:]|argon2\$argon2|bcrypt(?:_sha256)?\$|scrypt[$:]\d|SCRAM-SHA-\d+\$)/i;
/** For plain passwords that look like a hash. */
const CLEARTEXT = /^\{cleartext\}/i;

/**
 * Undefined where it looks like a hash that is not read here, or breaks a limit. To take such a text for a plain password
 * would let in whoever has read the hash.
 */
export function parseStoredPassword(stored: Secret): StoredPassword | undefined {
  const text = stored.reveal();
  const hash =
    parseArgon2(text) ?? parseBcrypt(text) ?? parseScrypt(text) ?? parsePbkdf2(text) ?? parseSaltedSha(text);
  if (hash !== undefined) return hash;
  if (CLEARTEXT.test(text)) return plain(text.replace(CLEARTEXT, ''));
  const looksLikeHash = [LOOKS_LIKE_CRYPT, LOOKS_LIKE_RFC2307, LOOKS_LIKE_OTHERS].some((form) =>
    form.test(text),
  );
  return looksLikeHash ? undefined : plain(text);
}

function plain(text: string): StoredPassword | undefined {
  return text === '' ? undefined : { scheme: 'plain', text: new Secret(text) };
}
