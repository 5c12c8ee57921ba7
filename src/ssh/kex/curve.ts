/** What the key exchange methods need of an elliptic curve. */

import type { KexContext, SharedSecret } from './method.ts';

export interface Curve {
  /** Length of a public value on the wire. */
  readonly publicBytes: number;
  /**
   * Makes a key pair and agrees with the client.
   * @param clientPublic `publicBytes` bytes
   * @returns our public value, and the raw secret in the curve's full width
   * @throws SshError KEX_FAILED when the client's value is not acceptable
   */
  agree(clientPublic: Buffer, context: KexContext): SharedSecret | Promise<SharedSecret>;
}
