/** mlkem768x25519-sha256: ML-KEM-768 and X25519 together (RFC 10042). */

import { createHash, createPublicKey, encapsulate } from 'node:crypto';
import type { ByteReader } from '../../wire/byte-reader.ts';
import { ByteWriter } from '../../wire/byte-writer.ts';
import { SshError } from '../error.ts';
import { Message } from '../message.ts';
import type { KexRun, KexStep } from './method.ts';
import { X25519_BYTES, x25519Agree } from './x25519.ts';

/** FIPS 203, table 3. */
const ENCAPSULATION_KEY_BYTES = 1184;
/** DER SubjectPublicKeyInfo of an ML-KEM-768 key, up to the raw key. */
const SPKI_PREFIX = Buffer.from('308204b2300b0609608648016503040402038204a100', 'hex');

export class MlKem768X25519 implements KexRun {
  readonly expects = Message.KEX_INIT;

  receive(message: ByteReader): KexStep {
    const clientPublic = message.string();
    if (clientPublic.length !== ENCAPSULATION_KEY_BYTES + X25519_BYTES) {
      throw new SshError('KEX_FAILED', 'the hybrid value of the client has a wrong length');
    }
    const { ciphertext, sharedKey } = encapsulated(clientPublic.subarray(0, ENCAPSULATION_KEY_BYTES));
    const { ourPublic, secret } = x25519Agree(clientPublic.subarray(ENCAPSULATION_KEY_BYTES));
    const serverPublic = Buffer.concat([ciphertext, ourPublic]);
    // The hybrids give K as a string, not as an mpint, to the hash and to the key derivation.
    const combined = createHash('sha256').update(sharedKey).update(secret).digest();
    return {
      kind: 'agreed',
      replyNumber: Message.KEX_REPLY,
      publicValue: new ByteWriter(2048).string(serverPublic).finish(),
      hashFields: new ByteWriter(4096).string(clientPublic).string(serverPublic).finish(),
      secret: new ByteWriter().string(combined).finish(),
    };
  }
}

/** OpenSSL checks on import that the key's coefficients are in range (FIPS 203, section 7.2). */
function encapsulated(encapsulationKey: Buffer): { ciphertext: Buffer; sharedKey: Buffer } {
  try {
    return encapsulate(
      createPublicKey({ key: Buffer.concat([SPKI_PREFIX, encapsulationKey]), format: 'der', type: 'spki' }),
    );
  } catch (cause) {
    throw new SshError('KEX_FAILED', 'the ML-KEM key of the client is not acceptable', { cause });
  }
}
