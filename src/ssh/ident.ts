/** The identification exchange: the one line of text before the binary protocol (RFC 4253 section 4.2). */

import { SshError, sanitised } from './error.ts';

/** RFC 4253 allows 255 bytes; OpenSSH tolerates 8192, and so do we. */
const MAX_IDENT_BYTES = 8192;
const LF = 0x0a;
const CR = 0x0d;

export interface ClientIdent {
  /** The line without its line end, as it goes into the exchange hash. */
  readonly line: string;
  /** What came behind the line. */
  readonly rest: Buffer;
}

/** Collects the client's line. Allocates no more than was received. */
export class IdentReader {
  #received: Buffer = Buffer.alloc(0);

  /** @returns the identification once its line is complete. @throws SshError IDENT_INVALID */
  push(chunk: Buffer): ClientIdent | undefined {
    const searchFrom = this.#received.length;
    this.#received = searchFrom === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    const end = this.#received.indexOf(LF, searchFrom);
    if (end >= MAX_IDENT_BYTES || (end < 0 && this.#received.length >= MAX_IDENT_BYTES)) {
      throw new SshError('IDENT_INVALID', `the identification line is longer than ${MAX_IDENT_BYTES} bytes`);
    }
    this.#refuseOtherProtocols();
    if (end < 0) return undefined;
    // A bare LF is sent by some old clients.
    const line = this.#received.toString('latin1', 0, this.#received[end - 1] === CR ? end - 1 : end);
    if (!/^SSH-(2\.0|1\.99)-[\x20-\x7e]*$/.test(line)) {
      throw new SshError('IDENT_INVALID', `the client said '${sanitised(line)}', not SSH-2.0`);
    }
    return { line, rest: this.#received.subarray(end + 1) };
  }

  /** A browser or scanner is told at once, before its line is complete. */
  #refuseOtherProtocols(): void {
    const start = this.#received.toString('latin1', 0, Math.min(4, this.#received.length));
    if (!'SSH-'.startsWith(start)) throw new SshError('IDENT_INVALID', 'the client does not speak SSH');
  }
}
