/** The groups of RFC 3526 for finite-field Diffie-Hellman. */

import { diffieHellman, generateKeyPair, getDiffieHellman, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { SshError } from '../error.ts';
import { type DhParameters, dhPublicKey, dhPublicValue } from './dh-public-key.ts';
import type { KexContext, SharedSecret } from './method.ts';

/** OpenSSH's test of a peer's value: a number with fewer ones is not g to the power of a random one. */
const MIN_BITS_SET = 4;

const generate = promisify(generateKeyPair);
const derive = promisify(diffieHellman);

type GroupName = 'modp14' | 'modp15' | 'modp16' | 'modp17' | 'modp18';

/**
 * Groups are known by name: for parameters of one's own Node tests the prime, 3.4 s of a blocked process at 4096 bits.
 * OpenSSL takes private exponents of twice the group's strength (NIST SP 800-56A), 225 to 400 bits.
 */
export class ModpGroup implements DhParameters {
  readonly prime: Buffer;
  readonly generator: Buffer;
  readonly bits: number;
  readonly #name: GroupName;
  readonly #largestValue: bigint;

  constructor(name: GroupName) {
    const group = getDiffieHellman(name);
    this.#name = name;
    this.prime = group.getPrime();
    this.generator = group.getGenerator();
    this.bits = this.prime.length * 8;
    this.#largestValue = number(this.prime) - 2n;
  }

  /**
   * Makes a key pair and agrees with the client, on the thread pool and behind the gate.
   * @param clientPublic big-endian, without leading zeros
   * @throws SshError KEX_FAILED when the value is out of range, KEX_BUSY
   */
  agree(clientPublic: Buffer, { gate, signal }: KexContext): Promise<SharedSecret> {
    this.#check(clientPublic);
    return gate.run(signal, async () => {
      // Node reads `group`, its types know `groupName`.
      const pair = await generate('dh', { group: this.#name, groupName: this.#name });
      // An attacker does not stay for the answer: the second half of the work is saved.
      signal.throwIfAborted();
      const secret = await derive({ privateKey: pair.privateKey, publicKey: this.#key(clientPublic) });
      return { ourPublic: dhPublicValue(pair.publicKey), secret };
    });
  }

  /** RFC 4253 section 8 refuses what is not in 1 … p-1; at 1 and p-1 anybody knows the secret. */
  #check(clientPublic: Buffer): void {
    const value = number(clientPublic);
    if (value > 1n && value <= this.#largestValue && hasBitsSet(clientPublic, MIN_BITS_SET)) return;
    throw new SshError('KEX_FAILED', 'the Diffie-Hellman value of the client is out of range');
  }

  #key(value: Buffer): KeyObject {
    return dhPublicKey(this, value);
  }
}

function number(magnitude: Buffer): bigint {
  return BigInt(`0x0${magnitude.toString('hex')}`);
}

function hasBitsSet(bytes: Buffer, count: number): boolean {
  let missing = count;
  for (const byte of bytes) {
    for (let rest = byte; rest !== 0 && missing > 0; rest &= rest - 1) missing--;
    if (missing === 0) return true;
  }
  return false;
}

/** 2048 bits, 1 ms an exchange. */
export const GROUP_14 = new ModpGroup('modp14');
/** 3072 bits. */
export const GROUP_15 = new ModpGroup('modp15');
/** 4096 bits, 3 ms. */
export const GROUP_16 = new ModpGroup('modp16');
/** 6144 bits. */
export const GROUP_17 = new ModpGroup('modp17');
/** 8192 bits, 15 ms. */
export const GROUP_18 = new ModpGroup('modp18');
