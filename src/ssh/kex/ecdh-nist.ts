/** ecdh-sha2-nistp256, -nistp384 and -nistp521 (RFC 5656 section 4). */

import { createECDH } from 'node:crypto';
import type { ByteReader } from '../../wire/byte-reader.ts';
import { ByteWriter } from '../../wire/byte-writer.ts';
import { SshError } from '../error.ts';
import { Message } from '../message.ts';
import type { KexRun, KexStep } from './method.ts';

/** Uncompressed point: 0x04, x, y. */
const POINT_BYTES = { prime256v1: 65, secp384r1: 97, secp521r1: 133 } as const;
const UNCOMPRESSED = 0x04;

export class EcdhNist implements KexRun {
  readonly expects = Message.KEX_INIT;
  readonly #curve: keyof typeof POINT_BYTES;

  constructor(curve: keyof typeof POINT_BYTES) {
    this.#curve = curve;
  }

  receive(message: ByteReader): KexStep {
    const clientPublic = message.string();
    // Node would take a compressed point; OpenSSH neither sends nor accepts one.
    if (clientPublic.length !== POINT_BYTES[this.#curve] || clientPublic[0] !== UNCOMPRESSED) {
      throw new SshError(
        'KEX_FAILED',
        'the ECDH value of the client is not an uncompressed point of the curve',
      );
    }
    const ecdh = createECDH(this.#curve);
    const ourPublic = ecdh.generateKeys();
    return {
      kind: 'agreed',
      replyNumber: Message.KEX_REPLY,
      publicValue: new ByteWriter().string(ourPublic).finish(),
      hashFields: new ByteWriter().string(clientPublic).string(ourPublic).finish(),
      secret: new ByteWriter().mpint(this.#secret(() => ecdh.computeSecret(clientPublic))).finish(),
    };
  }

  #secret(compute: () => Buffer): Buffer {
    try {
      return compute();
    } catch (cause) {
      throw new SshError('KEX_FAILED', 'the ECDH value of the client is not a point of the curve', { cause });
    }
  }
}
