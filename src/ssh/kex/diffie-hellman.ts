/** Diffie-Hellman in a fixed group (RFC 4253 section 8, RFC 8268). */

import type { ByteReader } from '../../wire/byte-reader.ts';
import { ByteWriter } from '../../wire/byte-writer.ts';
import { Message } from '../message.ts';
import type { KexContext, KexRun, KexStep } from './method.ts';
import type { ModpGroup } from './modp-group.ts';

export class DiffieHellman implements KexRun {
  readonly expects = Message.KEX_INIT;
  readonly #group: ModpGroup;
  readonly #context: KexContext;

  constructor(group: ModpGroup, context: KexContext) {
    this.#group = group;
    this.#context = context;
  }

  async receive(message: ByteReader): Promise<KexStep> {
    const clientPublic = message.mpint();
    const { ourPublic, secret } = await this.#group.agree(clientPublic, this.#context);
    return {
      kind: 'agreed',
      replyNumber: Message.KEX_REPLY,
      publicValue: new ByteWriter(2048).mpint(ourPublic).finish(),
      hashFields: new ByteWriter(4096).mpint(clientPublic).mpint(ourPublic).finish(),
      secret: new ByteWriter(2048).mpint(secret).finish(),
    };
  }
}
