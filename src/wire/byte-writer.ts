/** Writes the data types of RFC 4251 section 5 into one growing buffer. */

const INITIAL_BYTES = 256;

export class ByteWriter {
  #bytes: Buffer;
  #length = 0;

  constructor(initialBytes = INITIAL_BYTES) {
    this.#bytes = Buffer.allocUnsafe(initialBytes);
  }

  get length(): number {
    return this.#length;
  }

  uint8(value: number): this {
    this.#reserve(1).writeUInt8(value, this.#length - 1);
    return this;
  }

  boolean(value: boolean): this {
    return this.uint8(value ? 1 : 0);
  }

  uint32(value: number): this {
    this.#reserve(4).writeUInt32BE(value, this.#length - 4);
    return this;
  }

  uint64(value: number | bigint): this {
    this.#reserve(8).writeBigUInt64BE(BigInt(value), this.#length - 8);
    return this;
  }

  bytes(value: Uint8Array): this {
    this.#reserve(value.length).set(value, this.#length - value.length);
    return this;
  }

  /** A `string`; text is written as UTF-8. */
  string(value: Uint8Array | string): this {
    if (typeof value !== 'string') return this.uint32(value.length).bytes(value);
    const byteCount = Buffer.byteLength(value);
    this.uint32(byteCount);
    this.#reserve(byteCount).write(value, this.#length - byteCount, 'utf8');
    return this;
  }

  nameList(names: readonly string[]): this {
    return this.string(names.join(','));
  }

  /** A non-negative big-endian number as `mpint`: no leading zero bytes, one added where the first bit is set. */
  mpint(magnitude: Uint8Array): this {
    let start = 0;
    while (start < magnitude.length && magnitude[start] === 0) start++;
    const digits = magnitude.subarray(start);
    const needsSignByte = ((digits[0] ?? 0) & 0x80) !== 0;
    this.uint32(digits.length + (needsSignByte ? 1 : 0));
    if (needsSignByte) this.uint8(0);
    return this.bytes(digits);
  }

  /** Replaces the uint32 at `offset`: for lengths known only afterwards. */
  setUint32(offset: number, value: number): this {
    if (offset + 4 > this.#length) throw new RangeError('setUint32 outside of what was written');
    this.#bytes.writeUInt32BE(value, offset);
    return this;
  }

  /** What was written so far, as a view; the writer is not to be used afterwards. */
  finish(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Makes room for `byteCount` more bytes, counts them as written and returns the buffer that holds them now. */
  #reserve(byteCount: number): Buffer {
    const needed = this.#length + byteCount;
    if (needed > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
      this.#bytes.copy(larger, 0, 0, this.#length);
      this.#bytes = larger;
    }
    this.#length = needed;
    return this.#bytes;
  }
}
