/** Public values of finite-field Diffie-Hellman as key objects: Node takes and gives them as DER only (PKCS #3, RFC 3279). */

import { createPublicKey, type KeyObject } from 'node:crypto';
import { ByteReader } from '../../wire/byte-reader.ts';

/** Tags of X.690. */
const INTEGER = 0x02;
const BIT_STRING = 0x03;
const SEQUENCE = 0x30;
/** `dhKeyAgreement`, 1.2.840.113549.1.3.1, as a whole OBJECT IDENTIFIER. */
const DH_KEY_AGREEMENT = Buffer.from('06092a864886f70d010301', 'hex');
const NO_UNUSED_BITS = Buffer.from([0]);

/** Big-endian numbers without leading zeros. */
export interface DhParameters {
  readonly prime: Buffer;
  readonly generator: Buffer;
}

/** @param value not zero, without leading zeros */
export function dhPublicKey({ prime, generator }: DhParameters, value: Buffer): KeyObject {
  const parameters = element(SEQUENCE, integer(prime), integer(generator));
  const algorithm = element(SEQUENCE, DH_KEY_AGREEMENT, parameters);
  const key = element(SEQUENCE, algorithm, element(BIT_STRING, NO_UNUSED_BITS, integer(value)));
  return createPublicKey({ key, format: 'der', type: 'spki' });
}

/** The number in a key of ours; may begin with a zero byte. */
export function dhPublicValue(key: KeyObject): Buffer {
  const fields = new ByteReader(content(new ByteReader(key.export({ format: 'der', type: 'spki' }))));
  content(fields);
  const bits = content(fields);
  return content(new ByteReader(bits, NO_UNUSED_BITS.length));
}

function integer(magnitude: Buffer): Buffer {
  const isNegativeInDer = ((magnitude[0] ?? 0) & 0x80) !== 0;
  return isNegativeInDer ? element(INTEGER, Buffer.from([0]), magnitude) : element(INTEGER, magnitude);
}

/** Lengths here are below 64 KiB: one or two bytes, behind one that says how many. */
function element(tag: number, ...parts: readonly Buffer[]): Buffer {
  const byteCount = parts.reduce((sum, part) => sum + part.length, 0);
  const header = byteCount < 0x80 ? [tag, byteCount] : [tag, 0x82, byteCount >> 8, byteCount & 0xff];
  return Buffer.concat([Buffer.from(header), ...parts]);
}

/** What stands in the element at the cursor. */
function content(reader: ByteReader): Buffer {
  reader.uint8();
  const first = reader.uint8();
  if (first < 0x80) return reader.bytes(first);
  const lengthBytes = reader.bytes(first & 0x7f);
  return reader.bytes(lengthBytes.readUIntBE(0, lengthBytes.length));
}
