/** Certificates and keys for connections to a directory; read again from time to time, so that renewed ones are used. */

import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createSecureContext, type SecureContext } from 'node:tls';
import { IdentityFault } from '../../decision.ts';
import type { Surroundings } from '../../surroundings.ts';
import type { LdapOptions } from './options.ts';

const MAX_AGE_MS = 60_000;

export class TlsMaterial {
  readonly #options: LdapOptions['tls'];
  readonly #surroundings: Surroundings;
  #context: SecureContext | undefined;
  #readAtMs = 0;

  constructor(options: LdapOptions['tls'], surroundings: Surroundings) {
    this.#options = options;
    this.#surroundings = surroundings;
  }

  /** @throws IdentityFault CONFIGURATION_INVALID */
  async context(): Promise<SecureContext> {
    const nowMs = this.#surroundings.now();
    if (this.#context !== undefined && nowMs - this.#readAtMs < MAX_AGE_MS) return this.#context;
    this.#context = await this.#read();
    this.#readAtMs = nowMs;
    return this.#context;
  }

  async #read(): Promise<SecureContext> {
    const { ca, caFile, certificateFile, keyFile } = this.#options;
    const [authority, cert, key] = await Promise.all([
      caFile === undefined ? ca : this.#file(caFile),
      certificateFile === undefined ? undefined : this.#file(certificateFile),
      keyFile === undefined ? undefined : this.#file(keyFile),
    ]);
    try {
      return createSecureContext({ ca: authority, cert, key, minVersion: 'TLSv1.2' });
    } catch {
      throw new IdentityFault('CONFIGURATION_INVALID', 'A certificate or the key under tls cannot be used.');
    }
  }

  async #file(path: string): Promise<string> {
    try {
      return await readFile(resolve(this.#surroundings.folder, path), 'utf8');
    } catch {
      throw new IdentityFault('CONFIGURATION_INVALID', `The file ${path} under tls cannot be read.`);
    }
  }
}
