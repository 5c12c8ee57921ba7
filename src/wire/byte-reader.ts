/** Reads the data types of RFC 4251 section 5 (which SFTP shares) from a buffer, without copying. */

/** The bytes end before the value they announce, or a value is out of range. */
export class WireError extends Error {
  override readonly name = 'WireError';
  readonly code = 'MALFORMED';
}

/** A cursor over one message. Views it returns share the message's memory. */
export class ByteReader {
  readonly #bytes: Buffer;
  #offset: number;

  constructor(bytes: Buffer, offset = 0) {
    this.#bytes = bytes;
    this.#offset = offset;
  }

  get offset(): number {
    return this.#offset;
  }

  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  uint8(): number {
    return this.#bytes.readUInt8(this.#take(1));
  }

  boolean(): boolean {
    return this.uint8() !== 0;
  }

  uint32(): number {
    return this.#bytes.readUInt32BE(this.#take(4));
  }

  /** A uint64 as a number. @throws WireError above 2^53 - 1: never truncated (CVE-2026-39834 was a cut length). */
  uint64(): number {
    const at = this.#take(8);
    const high = this.#bytes.readUInt32BE(at);
    if (high > 0x1fffff) throw new WireError('a 64-bit number is larger than 2^53 - 1');
    return high * 0x1_0000_0000 + this.#bytes.readUInt32BE(at + 4);
  }

  bytes(byteCount: number): Buffer {
    const at = this.#take(byteCount);
    return this.#bytes.subarray(at, at + byteCount);
  }

  /** A `string`: four bytes of length, then as many bytes. */
  string(): Buffer {
    return this.bytes(this.uint32());
  }

  /** A non-negative `mpint`: its big-endian digits without leading zeros. @throws WireError when it is negative */
  mpint(): Buffer {
    const bytes = this.string();
    if (((bytes[0] ?? 0) & 0x80) !== 0) throw new WireError('a number is negative');
    let start = 0;
    while (bytes[start] === 0) start++;
    return bytes.subarray(start);
  }

  /** A `string` as text. @throws WireError when it is not valid UTF-8 */
  text(): string {
    const bytes = this.string();
    const text = bytes.toString('utf8');
    if (text.includes('\ufffd') && !Buffer.from(text, 'utf8').equals(bytes)) {
      throw new WireError('a text is not valid UTF-8');
    }
    return text;
  }

  /** A `string` that must be printable US-ASCII: names of algorithms, methods and requests. */
  ascii(): string {
    const text = this.string().toString('latin1');
    if (!/^[\x20-\x7e]*$/.test(text))
      throw new WireError('a name holds characters that are not printable US-ASCII');
    return text;
  }

  /** A `name-list`. A single trailing comma, seen in the wild, gives no empty name. */
  nameList(): string[] {
    return this.ascii()
      .split(',')
      .filter((name) => name !== '');
  }

  /** What was read since the cursor stood at `offset`. */
  since(offset: number): Buffer {
    return this.#bytes.subarray(offset, this.#offset);
  }

  /** Everything not read yet. */
  rest(): Buffer {
    return this.bytes(this.remaining);
  }

  #take(byteCount: number): number {
    const at = this.#offset;
    if (byteCount > this.#bytes.length - at) throw new WireError('the message is shorter than it says');
    this.#offset = at + byteCount;
    return at;
  }
}
