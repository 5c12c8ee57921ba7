/** publickey requests made of bytes: certificates and security keys among them (tests only). */

import { ByteWriter } from '../../wire/byte-writer.ts';
import { authRequest, type TestClient } from './client.ts';

/** Asks whether the key would do. */
export function keyQuery(userName: string, algorithm: string, blob: Buffer): Buffer {
  return authRequest(userName, 'publickey').boolean(false).string(algorithm).string(blob).finish();
}

/** A signed request; `sign` is given what the protocol wants signed. */
export function keyRequest(
  client: TestClient,
  request: { readonly userName: string; readonly algorithm: string; readonly blob: Buffer },
  sign: (message: Buffer) => Buffer,
): Buffer {
  const unsigned = authRequest(request.userName, 'publickey')
    .boolean(true)
    .string(request.algorithm)
    .string(request.blob)
    .finish();
  const message = new ByteWriter(4096)
    .string(client.sessionId ?? '')
    .bytes(unsigned)
    .finish();
  return new ByteWriter(4096).bytes(unsigned).string(sign(message)).finish();
}
