/** SFTP version 3 as bytes, from the client's side; independent of the server's own codec. */

export const Packet = {
  INIT: 1,
  VERSION: 2,
  OPEN: 3,
  CLOSE: 4,
  READ: 5,
  WRITE: 6,
  LSTAT: 7,
  SETSTAT: 9,
  OPENDIR: 11,
  READDIR: 12,
  REMOVE: 13,
  MKDIR: 14,
  RMDIR: 15,
  REALPATH: 16,
  STAT: 17,
  RENAME: 18,
  STATUS: 101,
  HANDLE: 102,
  DATA: 103,
  NAME: 104,
  ATTRS: 105,
  EXTENDED: 200,
  EXTENDED_REPLY: 201,
} as const;

export const Status = { OK: 0, EOF: 1, NO_SUCH_FILE: 2 } as const;

const HAS_SIZE = 1;
const HAS_OWNER = 2;
const HAS_MODE = 4;
export const HAS_TIMES = 8;
const TYPE_MASK = 0o170000;
const TYPE_DIRECTORY = 0o040000;

export interface Attributes {
  readonly sizeBytes: number;
  readonly isDirectory: boolean;
  /** Seconds since 1970. */
  readonly modifiedAt: number | undefined;
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}

export function text(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([uint32(bytes.length), bytes]);
}

/** Takes the fields of a packet one after the other. */
export class Fields {
  readonly #bytes: Buffer;
  #position = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#position >= this.#bytes.length;
  }

  uint32(): number {
    this.#position += 4;
    return this.#bytes.readUInt32BE(this.#position - 4);
  }

  uint64(): number {
    this.#position += 8;
    return Number(this.#bytes.readBigUInt64BE(this.#position - 8));
  }

  bytes(): Buffer {
    const length = this.uint32();
    this.#position += length;
    return this.#bytes.subarray(this.#position - length, this.#position);
  }

  text(): string {
    return this.bytes().toString('utf8');
  }

  rest(): Buffer {
    return this.#bytes.subarray(this.#position);
  }

  attributes(): Attributes {
    const flags = this.uint32();
    const sizeBytes = (flags & HAS_SIZE) === 0 ? 0 : this.uint64();
    if ((flags & HAS_OWNER) !== 0) this.uint64();
    const mode = (flags & HAS_MODE) === 0 ? 0 : this.uint32();
    const times = (flags & HAS_TIMES) === 0 ? undefined : [this.uint32(), this.uint32()];
    return { sizeBytes, isDirectory: (mode & TYPE_MASK) === TYPE_DIRECTORY, modifiedAt: times?.[1] };
  }
}
