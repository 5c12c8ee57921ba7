/** ML-KEM and an elliptic curve together: safe as long as one of them is (RFC 10042). */

import { createHash } from 'node:crypto';
import type { ByteReader } from '../../wire/byte-reader.ts';
import { ByteWriter } from '../../wire/byte-writer.ts';
import { SshError } from '../error.ts';
import { Message } from '../message.ts';
import type { Curve } from './curve.ts';
import type { KexContext, KexHash, KexRun, KexStep } from './method.ts';
import type { MlKem } from './ml-kem.ts';

/** The halves of a method, and the hash that joins them. */
export interface HybridParts {
  readonly mlKem: MlKem;
  readonly curve: Curve;
  readonly hash: KexHash;
}

export class Hybrid implements KexRun {
  readonly expects = Message.KEX_INIT;
  readonly #parts: HybridParts;
  readonly #context: KexContext;

  constructor(parts: HybridParts, context: KexContext) {
    this.#parts = parts;
    this.#context = context;
  }

  async receive(message: ByteReader): Promise<KexStep> {
    const { mlKem, curve, hash } = this.#parts;
    const clientPublic = message.string();
    if (clientPublic.length !== mlKem.encapsulationKeyBytes + curve.publicBytes) {
      throw new SshError('KEX_FAILED', 'the hybrid value of the client has a wrong length');
    }
    const { ciphertext, sharedKey } = mlKem.encapsulate(
      clientPublic.subarray(0, mlKem.encapsulationKeyBytes),
    );
    const { ourPublic, secret } = await curve.agree(
      clientPublic.subarray(mlKem.encapsulationKeyBytes),
      this.#context,
    );
    const serverPublic = Buffer.concat([ciphertext, ourPublic]);
    const combined = createHash(hash).update(sharedKey).update(secret).digest();
    return {
      kind: 'agreed',
      replyNumber: Message.KEX_REPLY,
      publicValue: new ByteWriter(2048).string(serverPublic).finish(),
      hashFields: new ByteWriter(4096).string(clientPublic).string(serverPublic).finish(),
      // The hybrids give K as a string, not as an mpint, to the hash and to the key derivation.
      secret: new ByteWriter().string(combined).finish(),
    };
  }
}
