/** X25519 on raw 32-byte public values (RFC 7748), as the key exchange methods need it. */

import { createPublicKey, diffieHellman, generateKeyPairSync } from 'node:crypto';
import { SshError } from '../error.ts';

export const X25519_BYTES = 32;
/** DER SubjectPublicKeyInfo of an X25519 key, up to the raw value (RFC 8410). */
const SPKI_PREFIX = Buffer.from('302a300506032b656e032100', 'hex');

/**
 * Makes a key pair and agrees with the peer.
 * @throws SshError KEX_FAILED when the peer's value leads to the all-zero secret
 */
export function x25519Agree(peerPublic: Buffer): { readonly ourPublic: Buffer; readonly secret: Buffer } {
  const pair = generateKeyPairSync('x25519');
  try {
    const peer = createPublicKey({
      key: Buffer.concat([SPKI_PREFIX, peerPublic]),
      format: 'der',
      type: 'spki',
    });
    const secret = diffieHellman({ privateKey: pair.privateKey, publicKey: peer });
    const ourPublic = pair.publicKey.export({ format: 'der', type: 'spki' }).subarray(SPKI_PREFIX.length);
    return { ourPublic, secret };
  } catch (cause) {
    // OpenSSL refuses the all-zero result; unhandled, that was a crash before login elsewhere (GHSA-5xvq-cp9x-6p6r).
    throw new SshError('KEX_FAILED', 'the X25519 value of the client is not acceptable', { cause });
  }
}
