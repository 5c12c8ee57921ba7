/** Tells a client all host keys and proves that they are ours, so that keys can be replaced (OpenSSH's PROTOCOL, 2.5). */

import type { ByteReader } from '../wire/byte-reader.ts';
import { ByteWriter } from '../wire/byte-writer.ts';
import type { HostKey } from './host-key.ts';
import { Message } from './message.ts';

export const PROVE_REQUEST = 'hostkeys-prove-00@openssh.com';
const ANNOUNCEMENT = 'hostkeys-00@openssh.com';
/** A client asks once, for all it lacks. Each further time would only cost us RSA signatures. */
const MAX_PROOFS = 2;
/** Old PuTTY forks and some devices end the connection at a global request they do not know. OpenSSH takes every one. */
const UNDERSTANDING_CLIENT = /^SSH-2\.0-OpenSSH_/;

export interface HostKeyProofOptions {
  readonly hostKeys: readonly HostKey[];
  readonly sessionId: Buffer;
  /** The algorithm in which the client verifies RSA keys; absent where it showed none. */
  readonly rsaAlgorithm: string | undefined;
}

export class HostKeyProof {
  readonly #options: HostKeyProofOptions;
  #proofs = 0;

  constructor(options: HostKeyProofOptions) {
    this.#options = options;
  }

  /** The message to send right after the login; undefined for clients that might not survive it. */
  announcementFor(clientIdent: string): Buffer | undefined {
    if (!UNDERSTANDING_CLIENT.test(clientIdent)) return undefined;
    const request = new ByteWriter(2048).uint8(Message.GLOBAL_REQUEST).string(ANNOUNCEMENT).boolean(false);
    for (const { publicKey } of this.#options.hostKeys) request.string(publicKey.blob);
    return request.finish();
  }

  /**
   * The answer to PROVE_REQUEST, from behind its want-reply on; undefined where the request is refused: for a key that
   * is not ours, the same one twice, one that the client could not verify, or too many requests.
   * @throws WireError when it is malformed
   */
  answer(message: ByteReader): Promise<Buffer> | undefined {
    this.#proofs++;
    const keys = this.#requested(message);
    return this.#proofs > MAX_PROOFS || keys === undefined ? undefined : this.#prove(keys);
  }

  #requested(message: ByteReader): readonly ProvableKey[] | undefined {
    const keys: ProvableKey[] = [];
    while (message.remaining > 0) {
      const key = this.#provable(message.string());
      if (key === undefined || keys.some(({ hostKey }) => hostKey === key.hostKey)) return undefined;
      keys.push(key);
    }
    return keys.length === 0 ? undefined : keys;
  }

  #provable(blob: Buffer): ProvableKey | undefined {
    const hostKey = this.#options.hostKeys.find(({ publicKey }) => publicKey.blob.equals(blob));
    if (hostKey === undefined) return undefined;
    const { type } = hostKey.publicKey;
    const algorithm = type === 'ssh-rsa' ? this.#options.rsaAlgorithm : type;
    return algorithm === undefined ? undefined : { hostKey, algorithm };
  }

  async #prove(keys: readonly ProvableKey[]): Promise<Buffer> {
    const reply = new ByteWriter(2048).uint8(Message.REQUEST_SUCCESS);
    for (const { hostKey, algorithm } of keys) {
      const signed = new ByteWriter(1024)
        .string(PROVE_REQUEST)
        .string(this.#options.sessionId)
        .string(hostKey.publicKey.blob)
        .finish();
      reply.string(await hostKey.sign(algorithm, signed));
    }
    return reply.finish();
  }
}

interface ProvableKey {
  readonly hostKey: HostKey;
  readonly algorithm: string;
}
