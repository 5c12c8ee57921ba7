/** Elliptic-curve Diffie-Hellman: curve25519-sha256 (RFC 8731) and ecdh-sha2-* (RFC 5656). */

import type { ByteReader } from '../../wire/byte-reader.ts';
import { ByteWriter } from '../../wire/byte-writer.ts';
import { SshError } from '../error.ts';
import { Message } from '../message.ts';
import type { Curve } from './curve.ts';
import type { KexContext, KexRun, KexStep } from './method.ts';

export class Ecdh implements KexRun {
  readonly expects = Message.KEX_INIT;
  readonly #curve: Curve;
  readonly #context: KexContext;

  constructor(curve: Curve, context: KexContext) {
    this.#curve = curve;
    this.#context = context;
  }

  async receive(message: ByteReader): Promise<KexStep> {
    const clientPublic = message.string();
    if (clientPublic.length !== this.#curve.publicBytes) {
      throw new SshError('KEX_FAILED', 'the public value of the client has a wrong length');
    }
    const { ourPublic, secret } = await this.#curve.agree(clientPublic, this.#context);
    return {
      kind: 'agreed',
      replyNumber: Message.KEX_REPLY,
      publicValue: new ByteWriter().string(ourPublic).finish(),
      hashFields: new ByteWriter().string(clientPublic).string(ourPublic).finish(),
      secret: new ByteWriter().mpint(secret).finish(),
    };
  }
}
