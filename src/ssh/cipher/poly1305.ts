/** Poly1305 over a packet, each time with a key of its own (RFC 8439 section 2.5). */

import { createMac } from 'node:crypto';

// The type package does not know this function of the runtime yet.
declare module 'node:crypto' {
  interface Mac {
    update(bytes: Uint8Array): this;
    final(): Buffer;
  }
  function createMac(algorithm: string, key: Uint8Array): Mac;
}

export const POLY1305_KEY_BYTES = 32;
export const POLY1305_TAG_BYTES = 16;

/** @param key 32 bytes, for this one message only */
export function poly1305(key: Uint8Array, parts: readonly Uint8Array[]): Buffer {
  const mac = createMac('poly1305', key);
  for (const part of parts) mac.update(part);
  return mac.final();
}
