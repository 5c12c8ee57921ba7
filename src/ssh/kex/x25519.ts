/** X25519 on raw 32-byte public values (RFC 7748). */

import { createPublicKey, diffieHellman, generateKeyPairSync } from 'node:crypto';
import { SshError } from '../error.ts';
import type { Curve } from './curve.ts';

/** Some 0.1 ms: done at once, which takes less than going to the thread pool and back. */
export const X25519: Curve = {
  publicBytes: 32,
  agree(clientPublic) {
    const pair = generateKeyPairSync('x25519');
    try {
      const peer = createPublicKey({ key: clientPublic, format: 'raw-public', asymmetricKeyType: 'x25519' });
      const secret = diffieHellman({ privateKey: pair.privateKey, publicKey: peer });
      return { ourPublic: pair.publicKey.export({ format: 'raw-public' }), secret };
    } catch (cause) {
      // OpenSSL refuses the all-zero result; unhandled, that was a crash before login elsewhere (GHSA-5xvq-cp9x-6p6r).
      throw new SshError('KEX_FAILED', 'the X25519 value of the client is not acceptable', { cause });
    }
  },
};
