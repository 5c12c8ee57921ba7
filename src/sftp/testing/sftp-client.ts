/** A small SFTP client for tests: builds requests, reads replies, and keeps their order. */

import { ByteReader } from '../../wire/byte-reader.ts';
import { ByteWriter } from '../../wire/byte-writer.ts';
import { AttributeFlag, MessageType } from '../protocol.ts';

export interface ClientAttributes {
  readonly sizeBytes?: number;
  readonly owner?: readonly [uid: number, gid: number];
  readonly permissions?: number;
  readonly times?: readonly [accessed: number, modified: number];
}

export interface NameEntry {
  readonly name: string;
  readonly longName: string;
  readonly attributes: ClientAttributes;
}

/** Every field of every reply; those its type does not have are empty. */
export interface ClientReply {
  readonly type: number;
  readonly id: number;
  readonly byteCount: number;
  /** -1 for replies other than STATUS. */
  readonly status: number;
  readonly message: string;
  readonly handle: Buffer;
  readonly data: Buffer;
  readonly names: readonly NameEntry[];
  readonly attributes: ClientAttributes;
  /** What follows the id (of VERSION: the version). */
  readonly body: Buffer;
}

export class SftpClient {
  /** In the order they came. */
  readonly replies: ClientReply[] = [];
  readonly #transmit: (packet: Buffer) => void;
  readonly #waiting = new Map<number, (reply: ClientReply) => void>();
  #received: Buffer = Buffer.alloc(0);
  #nextId = 100;

  constructor(transmit: (packet: Buffer) => void) {
    this.#transmit = transmit;
  }

  receive(bytes: Buffer): void {
    this.#received = Buffer.concat([this.#received, bytes]);
    while (this.#received.length >= 4) {
      const end = 4 + this.#received.readUInt32BE();
      if (this.#received.length < end) return;
      const reply = parseReply(this.#received.subarray(4, end));
      this.#received = this.#received.subarray(end);
      this.replies.push(reply);
      this.#waiting.get(reply.id)?.(reply);
      this.#waiting.delete(reply.id);
    }
  }

  init(version = 3): Promise<ClientReply> {
    return this.#expect(3, packet(new ByteWriter().uint8(MessageType.INIT).uint32(version)));
  }

  request(type: number, body: ByteWriter = new ByteWriter()): Promise<ClientReply> {
    const id = this.#nextId++;
    return this.#expect(id, packet(new ByteWriter().uint8(type).uint32(id).bytes(body.finish())));
  }

  open(path: string, flags: number, attributes: ClientAttributes = {}): Promise<ClientReply> {
    const body = new ByteWriter().string(path).uint32(flags);
    return this.request(MessageType.OPEN, attributesInto(body, attributes));
  }

  close(handle: Buffer): Promise<ClientReply> {
    return this.request(MessageType.CLOSE, new ByteWriter().string(handle));
  }

  read(handle: Buffer, position: number, byteCount: number): Promise<ClientReply> {
    const body = new ByteWriter().string(handle).uint64(position).uint32(byteCount);
    return this.request(MessageType.READ, body);
  }

  write(handle: Buffer, position: number, data: Uint8Array | string): Promise<ClientReply> {
    return this.request(MessageType.WRITE, new ByteWriter().string(handle).uint64(position).string(data));
  }

  /** A request whose body is one string: a path or a handle. */
  named(type: number, subject: string | Uint8Array): Promise<ClientReply> {
    return this.request(type, new ByteWriter().string(subject));
  }

  changing(
    type: number,
    subject: string | Uint8Array,
    attributes: ClientAttributes = {},
  ): Promise<ClientReply> {
    return this.request(type, attributesInto(new ByteWriter().string(subject), attributes));
  }

  /** RENAME, SYMLINK. */
  paired(type: number, first: string, second: string): Promise<ClientReply> {
    return this.request(type, new ByteWriter().string(first).string(second));
  }

  extended(name: string, body: ByteWriter = new ByteWriter()): Promise<ClientReply> {
    return this.request(MessageType.EXTENDED, new ByteWriter().string(name).bytes(body.finish()));
  }

  #expect(id: number, bytes: Buffer): Promise<ClientReply> {
    const reply = new Promise<ClientReply>((resolve) => this.#waiting.set(id, resolve));
    this.#transmit(bytes);
    return reply;
  }
}

export function packet(body: ByteWriter): Buffer {
  return new ByteWriter().string(body.finish()).finish();
}

export function attributesInto(writer: ByteWriter, attributes: ClientAttributes): ByteWriter {
  const { sizeBytes, owner, permissions, times } = attributes;
  const flags =
    (sizeBytes === undefined ? 0 : AttributeFlag.SIZE) |
    (owner === undefined ? 0 : AttributeFlag.OWNER) |
    (permissions === undefined ? 0 : AttributeFlag.PERMISSIONS) |
    (times === undefined ? 0 : AttributeFlag.TIMES);
  writer.uint32(flags);
  if (sizeBytes !== undefined) writer.uint64(sizeBytes);
  if (owner !== undefined) writer.uint32(owner[0]).uint32(owner[1]);
  if (permissions !== undefined) writer.uint32(permissions);
  if (times !== undefined) writer.uint32(times[0]).uint32(times[1]);
  return writer;
}

function parseReply(bytes: Buffer): ClientReply {
  const fields = new ByteReader(bytes);
  const type = fields.uint8();
  const id = fields.uint32();
  const empty = Buffer.alloc(0);
  return {
    type,
    id,
    byteCount: bytes.length,
    status: -1,
    message: '',
    handle: empty,
    data: empty,
    names: [],
    attributes: {},
    body: bytes.subarray(5),
    ...parseBody(type, fields),
  };
}

function parseBody(type: number, fields: ByteReader): Partial<ClientReply> {
  switch (type) {
    case MessageType.STATUS: {
      const status = { status: fields.uint32(), message: fields.text() };
      fields.text();
      return status;
    }
    case MessageType.HANDLE:
      return { handle: fields.string() };
    case MessageType.DATA:
      return { data: fields.string() };
    case MessageType.ATTRS:
      return { attributes: parseAttributes(fields) };
    case MessageType.NAME: {
      const count = fields.uint32();
      const names = Array.from({ length: count }, () => ({
        name: fields.text(),
        longName: fields.text(),
        attributes: parseAttributes(fields),
      }));
      return { names };
    }
    default:
      return {};
  }
}

function parseAttributes(fields: ByteReader): ClientAttributes {
  const flags = fields.uint32();
  return {
    ...(flags & AttributeFlag.SIZE && { sizeBytes: fields.uint64() }),
    ...(flags & AttributeFlag.OWNER && { owner: [fields.uint32(), fields.uint32()] as const }),
    ...(flags & AttributeFlag.PERMISSIONS && { permissions: fields.uint32() }),
    ...(flags & AttributeFlag.TIMES && { times: [fields.uint32(), fields.uint32()] as const }),
  };
}
