/** curve25519-sha256 (RFC 8731). */

import type { ByteReader } from '../../wire/byte-reader.ts';
import { ByteWriter } from '../../wire/byte-writer.ts';
import { SshError } from '../error.ts';
import { Message } from '../message.ts';
import type { KexRun, KexStep } from './method.ts';
import { X25519_BYTES, x25519Agree } from './x25519.ts';

export class Curve25519 implements KexRun {
  readonly expects = Message.KEX_INIT;

  receive(message: ByteReader): KexStep {
    const clientPublic = message.string();
    if (clientPublic.length !== X25519_BYTES) {
      throw new SshError('KEX_FAILED', `the X25519 value of the client is not ${X25519_BYTES} bytes long`);
    }
    const { ourPublic, secret } = x25519Agree(clientPublic);
    return {
      kind: 'agreed',
      replyNumber: Message.KEX_REPLY,
      publicValue: new ByteWriter().string(ourPublic).finish(),
      hashFields: new ByteWriter().string(clientPublic).string(ourPublic).finish(),
      secret: new ByteWriter().mpint(secret).finish(),
    };
  }
}
