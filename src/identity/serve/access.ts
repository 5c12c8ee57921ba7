/** Who may ask an HTTP method: callers with an API key, callers who sign, or everybody. */

import type { Secret } from '../secret.ts';
import { HEADERS } from '../transports/method-protocol.ts';
import { isSameText } from './same-text.ts';
import { SignatureCheck, type SigningKey, type WireRequest } from './signature.ts';

export interface AccessSettings {
  readonly apiKeys: readonly Secret[];
  readonly signingKeys: readonly SigningKey[];
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

export class Access {
  readonly #apiKeys: readonly Secret[];
  readonly #signatures: SignatureCheck;
  readonly #isOpen: boolean;

  constructor({ apiKeys, signingKeys, now = Date.now }: AccessSettings) {
    this.#apiKeys = apiKeys;
    this.#signatures = new SignatureCheck(signingKeys, now);
    this.#isOpen = apiKeys.length === 0 && signingKeys.length === 0;
  }

  /** One proof is enough where both kinds are configured. */
  async allows(request: WireRequest): Promise<boolean> {
    if (this.#isOpen || this.#hasApiKey(request)) return true;
    return this.#signatures.accepts(request);
  }

  #hasApiKey({ headers }: WireRequest): boolean {
    const given = headers.get(HEADERS.apiKey);
    if (given === undefined) return false;
    // All are compared, so that the time does not tell which one was near.
    return this.#apiKeys.filter((key) => isSameText(given, key.reveal())).length > 0;
  }
}
