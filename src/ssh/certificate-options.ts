/** The critical options and extensions of a user certificate that are obeyed here (OpenSSH's PROTOCOL.certkeys). */

import { ByteReader } from '../wire/byte-reader.ts';
import { AddressList, AddressListError } from './address-list.ts';
import { PublicKeyError } from './public-key.ts';

/** The one command that may be forced: SFTP is served in the process, nothing else is ever run. */
const SFTP_COMMAND = 'internal-sftp';

export interface CertificateOptions {
  /** Where the user may come from; absent is anywhere. */
  readonly sourceAddresses?: AddressList;
  /** Whether nothing but SFTP may be asked for. */
  readonly isSftpForced: boolean;
  /** A security key must have verified its user. */
  readonly isVerificationRequired: boolean;
  /** A security key need not have been touched. */
  readonly isTouchOptional: boolean;
}

/**
 * Reads both lists. Options are restrictions: one that is not known refuses the certificate. Extensions give more, and
 * one that is not known gives nothing.
 * @throws PublicKeyError, WireError
 */
export function readCertificateOptions(criticalOptions: Buffer, extensions: Buffer): CertificateOptions {
  const critical = readPairs(criticalOptions);
  const sourceAddress = critical.get('source-address');
  const forceCommand = critical.get('force-command');
  const verifyRequired = critical.get('verify-required');
  const noTouch = readPairs(extensions).get('no-touch-required');
  for (const name of critical.keys()) checkIsKnown(name);
  checkIsFlag(verifyRequired);
  checkIsFlag(noTouch);
  if (forceCommand !== undefined) checkCommand(forceCommand);
  return {
    ...(sourceAddress === undefined ? {} : { sourceAddresses: parseAddresses(sourceAddress) }),
    isSftpForced: forceCommand !== undefined,
    isVerificationRequired: verifyRequired !== undefined,
    isTouchOptional: noTouch !== undefined,
  };
}

/** Names with their raw values. One that comes twice is refused: which one holds is a matter of who reads it. */
function readPairs(list: Buffer): ReadonlyMap<string, Buffer> {
  const reader = new ByteReader(list);
  const pairs = new Map<string, Buffer>();
  while (reader.remaining > 0) {
    const name = reader.ascii();
    const value = reader.string();
    if (pairs.has(name)) throw new PublicKeyError(`the certificate has the option ${shown(name)} twice`);
    pairs.set(name, value);
  }
  return pairs;
}

function checkIsKnown(name: string): void {
  if (['source-address', 'force-command', 'verify-required'].includes(name)) return;
  throw new PublicKeyError(
    `the certificate has the critical option ${shown(name)}, which is not obeyed here`,
  );
}

function checkIsFlag(value: Buffer | undefined): void {
  if (value !== undefined && value.length > 0)
    throw new PublicKeyError('an option of the certificate has a value where none belongs');
}

function checkCommand(value: Buffer): void {
  // With arguments it would restrict further, as `internal-sftp -R` does.
  if (innerText(value) !== SFTP_COMMAND)
    throw new PublicKeyError(`the certificate forces another command than ${SFTP_COMMAND}`);
}

function parseAddresses(value: Buffer): AddressList {
  try {
    return AddressList.parse(innerText(value));
  } catch (cause) {
    if (!(cause instanceof AddressListError)) throw cause;
    throw new PublicKeyError(`source-address of the certificate: ${cause.message}`, { cause });
  }
}

/** An option's value is a string within the string, and nothing behind it. */
function innerText(value: Buffer): string {
  const reader = new ByteReader(value);
  const text = reader.text();
  if (reader.remaining > 0)
    throw new PublicKeyError('an option of the certificate has bytes behind its value');
  return text;
}

function shown(name: string): string {
  return JSON.stringify(name.slice(0, 64));
}
