/** One line of an authorized_keys file: options, key type, base64, comment (sshd(8), "AUTHORIZED_KEYS FILE FORMAT"). */

import { AddressList, AddressListError } from './address-list.ts';
import { parseKeyOptions } from './key-options.ts';
import { type PublicKey, PublicKeyError, parsePublicKey } from './public-key.ts';

/** Longest line that is read: RSA of 16384 bits with options and a comment. */
const MAX_LINE_LENGTH = 8192;
const MAX_PRINCIPALS = 256;

/** A key of a user, or of an authority that certifies users, and what its line says about its use. */
export interface AuthorizedKey {
  readonly key: PublicKey;
  /** Only certificates signed by the key may log in, not the key itself. */
  readonly isAuthority: boolean;
  /** Authority only: a certificate must bear one of these names, in the place of the user's. */
  readonly principals?: readonly string[];
  /** A security key must have verified its user, by PIN or fingerprint. */
  readonly isVerificationRequired: boolean;
  /** A security key need not have been touched. */
  readonly isTouchOptional: boolean;
  /** Where the user may come from. */
  readonly sourceAddresses?: AddressList;
  /** Milliseconds since 1970 from which on the line says nothing. */
  readonly expiresAtMs?: number;
}

/** Options that forbid what is never done here: obeyed by doing nothing. */
const ALWAYS_OBEYED = [
  'restrict',
  'no-agent-forwarding',
  'no-port-forwarding',
  'no-pty',
  'no-user-rc',
  'no-x11-forwarding',
];
const FLAGS = ['cert-authority', 'verify-required', 'no-touch-required', ...ALWAYS_OBEYED];
const VALUES = ['principals', 'from', 'expiry-time'];

/**
 * Reads a line. An option that is not obeyed here (`command=…`, `environment=…`) makes it unusable: to ignore a restriction
 * would give more than was granted.
 * @throws PublicKeyError naming what is wrong
 */
export function parseAuthorizedKey(line: string): AuthorizedKey {
  if (line.length > MAX_LINE_LENGTH) throw new PublicKeyError('the key line is too long');
  const text = line.trim();
  if (text.startsWith('----'))
    throw new PublicKeyError('the key is in RFC 4716 or PEM form; the OpenSSH one-line form is needed');
  const { options, rest } = startsWithKey(text) ? { options: undefined, rest: text } : parseKeyOptions(text);
  const key = parseKey(rest);
  return options === undefined ? plainKey(key) : withOptions(key, options);
}

/** Reads the key of an authority that is trusted for every user: a line without options. @throws PublicKeyError */
export function parseAuthorityKey(line: string): PublicKey {
  if (!startsWithKey(line.trim())) throw new PublicKeyError('it is not of the form "type base64 comment"');
  return parseAuthorizedKey(line).key;
}

/** A key type, then base64 whose first bytes are the length of a name: no option looks like this. */
function startsWithKey(text: string): boolean {
  return /^[A-Za-z0-9@.-]+[ \t]+AAAA/.test(text);
}

function parseKey(text: string): PublicKey {
  const [type = '', base64 = ''] = text.split(/[ \t]+/, 2);
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64))
    throw new PublicKeyError('the key is not of the form "type base64 comment"');
  const key = parsePublicKey(Buffer.from(base64, 'base64'));
  if (key.type !== type)
    throw new PublicKeyError(`the line says ${type.slice(0, 64)} but holds a key of another type`);
  return key;
}

function plainKey(key: PublicKey): AuthorizedKey {
  return { key, isAuthority: false, isVerificationRequired: false, isTouchOptional: false };
}

function withOptions(key: PublicKey, options: ReadonlyMap<string, string | undefined>): AuthorizedKey {
  for (const [name, value] of options) checkOption(name, value);
  const from = options.get('from');
  const expiry = options.get('expiry-time');
  const principals = options.get('principals');
  const isAuthority = options.has('cert-authority');
  if (principals !== undefined && !isAuthority)
    throw new PublicKeyError('the option principals needs cert-authority beside it');
  return {
    key,
    isAuthority,
    isVerificationRequired: options.has('verify-required'),
    isTouchOptional: options.has('no-touch-required'),
    ...(principals === undefined ? {} : { principals: parsePrincipals(principals) }),
    ...(from === undefined ? {} : { sourceAddresses: parseFrom(from) }),
    ...(expiry === undefined ? {} : { expiresAtMs: parseExpiry(expiry) }),
  };
}

function checkOption(name: string, value: string | undefined): void {
  if (VALUES.includes(name)) {
    if (value === undefined) throw new PublicKeyError(`the option ${name} has no value`);
    return;
  }
  if (!FLAGS.includes(name))
    throw new PublicKeyError(`the option ${name} is not obeyed here, so the line is not used`);
  if (value !== undefined) throw new PublicKeyError(`the option ${name} takes no value`);
}

function parsePrincipals(text: string): readonly string[] {
  const principals = text.split(',');
  if (principals.includes('')) throw new PublicKeyError('the option principals holds an empty name');
  if (principals.length > MAX_PRINCIPALS)
    throw new PublicKeyError(`the option principals holds more than ${MAX_PRINCIPALS} names`);
  return principals;
}

function parseFrom(text: string): AddressList {
  try {
    return AddressList.parsePatterns(text);
  } catch (cause) {
    if (!(cause instanceof AddressListError)) throw cause;
    throw new PublicKeyError(`the option from cannot be obeyed: ${cause.message}`, { cause });
  }
}

/** `YYYYMMDD` or `YYYYMMDDHHMM[SS]`, with `Z` in UTC, else in the time zone of the server, as in OpenSSH. */
function parseExpiry(text: string): number {
  const parts =
    /^(?<date>\d{8})(?:(?<time>\d{4})(?<seconds>\d{2})?)?(?<utc>Z?)$/.exec(text)?.groups ?? undefined;
  if (parts === undefined) throw new PublicKeyError('the option expiry-time is not YYYYMMDD[HHMM[SS]][Z]');
  const { date = '', time = '0000', seconds = '00', utc = '' } = parts;
  const day = `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}`;
  const moment = new Date(`${day}T${time.slice(0, 2)}:${time.slice(2)}:${seconds}${utc}`);
  // JavaScript takes 30 February for 2 March.
  const isReal = !Number.isNaN(moment.getTime()) && new Date(`${day}T00:00Z`).toISOString().startsWith(day);
  if (!isReal) throw new PublicKeyError('the option expiry-time is no date');
  return moment.getTime();
}
