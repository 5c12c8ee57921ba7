/** ML-KEM on raw encapsulation keys (FIPS 203). */

import { createPublicKey, encapsulate, type MLKEMKeyType } from 'node:crypto';
import { SshError } from '../error.ts';

export class MlKem {
  readonly encapsulationKeyBytes: number;
  readonly #type: MLKEMKeyType;

  constructor(type: MLKEMKeyType, encapsulationKeyBytes: number) {
    this.#type = type;
    this.encapsulationKeyBytes = encapsulationKeyBytes;
  }

  /**
   * A new secret, and its ciphertext for the holder of the key. Some 0.1 ms.
   * @throws SshError KEX_FAILED when the key is not acceptable
   */
  encapsulate(encapsulationKey: Buffer): { readonly ciphertext: Buffer; readonly sharedKey: Buffer } {
    try {
      // The import checks that the coefficients are in range (FIPS 203, section 7.2).
      const key = createPublicKey({
        key: encapsulationKey,
        format: 'raw-public',
        asymmetricKeyType: this.#type,
      });
      return encapsulate(key);
    } catch (cause) {
      throw new SshError('KEX_FAILED', 'the ML-KEM key of the client is not acceptable', { cause });
    }
  }
}

/** FIPS 203, table 3. */
export const ML_KEM_768 = new MlKem('ml-kem-768', 1184);
export const ML_KEM_1024 = new MlKem('ml-kem-1024', 1568);
