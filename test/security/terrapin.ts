/** A scanner for Terrapin (CVE-2023-48795): reads a server's KEXINIT and says whether packets could be cut away. */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type KexInit, parseKexInit } from '../../src/ssh/proposal.ts';

const TIMEOUT_MS = 10_000;
/** Bytes of identification and KEXINIT that are read at most. */
const MAX_BYTES = 64 * 1024;
const STRICT_MARKER = 'kex-strict-s-v00@openssh.com';

export interface TerrapinVerdict {
  readonly isVulnerable: boolean;
  /** The offered algorithms that are open to the attack without strict key exchange. */
  readonly exposed: readonly string[];
  readonly isStrict: boolean;
}

/** Only these two constructions let whole packets be removed unseen: ChaCha20-Poly1305, and CBC with encrypt-then-MAC. */
export function judge({ kex, ciphersIn, ciphersOut, macsIn, macsOut }: KexInit): TerrapinVerdict {
  const ciphers = [...ciphersIn, ...ciphersOut];
  const hasEtm = [...macsIn, ...macsOut].some((name) => name.endsWith('-etm@openssh.com'));
  const exposed = ciphers.filter(
    (name) => name === 'chacha20-poly1305@openssh.com' || (hasEtm && /-cbc(@|$)/.test(name)),
  );
  const isStrict = kex.includes(STRICT_MARKER);
  return { isVulnerable: exposed.length > 0 && !isStrict, exposed: [...new Set(exposed)], isStrict };
}

/** @throws Error when the server does not answer with a KEXINIT */
export async function scan(host: string, port: number): Promise<TerrapinVerdict> {
  const socket = connect({ host, port });
  socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error('the server does not answer')));
  try {
    await once(socket, 'connect');
    socket.write('SSH-2.0-TerrapinScan\r\n');
    return judge(parseKexInit(await readFirstPayload(socket)));
  } finally {
    socket.destroy();
  }
}

async function readFirstPayload(socket: Socket): Promise<Buffer> {
  let bytes = Buffer.alloc(0);
  for await (const chunk of socket) {
    bytes = Buffer.concat([bytes, chunk]);
    const payload = firstPayload(bytes);
    if (payload !== undefined) return payload;
    if (bytes.length > MAX_BYTES) break;
  }
  throw new Error('the server sent no KEXINIT');
}

/** The payload of the first packet behind the identification line; undefined until it is there. */
function firstPayload(bytes: Buffer): Buffer | undefined {
  const start = bytes.indexOf('\r\n') + 2;
  if (start < 2 || bytes.length < start + 5) return undefined;
  const end = start + 4 + bytes.readUInt32BE(start);
  if (bytes.length < end) return undefined;
  return bytes.subarray(start + 5, end - bytes.readUInt8(start + 4));
}
