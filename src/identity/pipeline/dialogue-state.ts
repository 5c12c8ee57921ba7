/** Seals what a dialogue has to remember into the `State` of the contract's extension, and opens it again. */

import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { z } from 'zod';
import { MAX_STATE_BYTES } from '../challenge-answer.ts';
import { Denied, IdentityFault } from '../decision.ts';
import type { Json } from '../providers/provider.ts';
import type { Approach } from './rules.ts';

const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
/** NIST SP 800-38D: 96 bits; random ones are safe for 2³² states of a key. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** Nothing that fits sealed is longer by more than this when unpacked; a bound against crafted input. */
const MAX_PLAIN_BYTES = 256 * 1024;

const json: z.ZodType<Json> = z.json();

const pendingSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('password') }),
  z.strictObject({ kind: z.literal('code'), password: z.string().optional() }),
  z.strictObject({
    kind: z.literal('provider'),
    provider: z.string(),
    saved: json,
    code: z.string().optional(),
  }),
]);

const sealedSchema = z.strictObject({ beganAtMs: z.number(), pending: pendingSchema });

/**
 * What the user's answers are to: our question for the password, our question for a code (after the password, if that was
 * given), or a question of a provider.
 */
export type Pending = z.output<typeof pendingSchema>;

export interface OpenedState {
  readonly pending: Pending;
  /** Milliseconds since 1970, when the dialogue began. */
  readonly beganAtMs: number;
}

/** States of one function. They hold passwords and tokens, therefore nobody but the key's owners can read them. */
export class DialogueStates {
  readonly #key: Buffer;
  readonly #functionName: string;
  readonly #maxAgeMs: number;

  /** Without `stateKey` the states open in this object only. */
  constructor(options: {
    readonly functionName: string;
    readonly stateKey: string | undefined;
    readonly maxAgeMs: number;
  }) {
    const { functionName, stateKey, maxAgeMs } = options;
    this.#functionName = functionName;
    this.#maxAgeMs = maxAgeMs;
    this.#key =
      stateKey === undefined
        ? randomBytes(KEY_BYTES)
        : Buffer.from(hkdfSync('sha256', stateKey, '', 'drawbridge dialogue state', KEY_BYTES));
  }

  /** @throws IdentityFault INTERNAL_ERROR where it is longer than a state may be */
  seal(state: OpenedState, login: Approach): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, this.#key, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(this.#boundTo(login));
    const plain = deflateRawSync(JSON.stringify(state));
    const sealed = Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    const text = sealed.toString('base64url');
    if (text.length > MAX_STATE_BYTES)
      throw new IdentityFault('INTERNAL_ERROR', `The state of the dialogue has ${text.length} bytes.`);
    return text;
  }

  /** @throws Denied STATE_INVALID for a state of another login, one that is too old, and anything else */
  open(text: string, login: Approach, nowMs: number): OpenedState {
    const read = sealedSchema.safeParse(this.#decrypt(text, login));
    if (!read.success) throw new Denied('STATE_INVALID');
    const ageMs = nowMs - read.data.beganAtMs;
    if (ageMs > this.#maxAgeMs) throw new Denied('STATE_INVALID', 'The dialogue took too long.');
    return read.data;
  }

  #decrypt(text: string, login: Approach): unknown {
    const sealed = Buffer.from(text.slice(0, MAX_STATE_BYTES), 'base64url');
    if (sealed.length < NONCE_BYTES + TAG_BYTES) return undefined;
    try {
      const decipher = createDecipheriv(CIPHER, this.#key, sealed.subarray(0, NONCE_BYTES), {
        authTagLength: TAG_BYTES,
      });
      decipher.setAAD(this.#boundTo(login));
      decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
      const plain = Buffer.concat([
        decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES)),
        decipher.final(),
      ]);
      const value: unknown = JSON.parse(
        inflateRawSync(plain, { maxOutputLength: MAX_PLAIN_BYTES }).toString('utf8'),
      );
      return value;
    } catch {
      return undefined;
    }
  }

  /** A state opens for the login it was made for only: who gets hold of one cannot finish it as somebody else. */
  #boundTo({ userName, serverId, protocol, sourceIp }: Approach): Buffer {
    return Buffer.from(JSON.stringify([this.#functionName, userName, serverId, protocol, sourceIp]));
  }
}
