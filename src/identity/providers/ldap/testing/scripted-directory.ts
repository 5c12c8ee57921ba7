/** A directory in this process that does what its script says: entries, sub-codes, delays, dropped connections, forged answers. */

import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import {
  AndFilter,
  BerReader,
  BerWriter,
  EqualityFilter,
  ExtensibleFilter,
  type Filter,
  NotFilter,
  OrFilter,
  PresenceFilter,
  SearchRequest,
} from 'ldapts';
import { sidText } from '../sid.ts';

export interface ScriptedEntry {
  readonly dn: string;
  readonly attributes: Readonly<Record<string, readonly (string | Buffer)[]>>;
}

export interface ScriptedResult {
  readonly code: number;
  readonly diagnostic?: string;
  readonly policyError?: number;
}

/** Instead of an answer: end the connection, or say nothing. */
type Mishap = 'drop' | 'hang';

export interface Script {
  readonly entries?: readonly ScriptedEntry[];
  /** Passwords by the name that is bound. */
  readonly passwords?: Readonly<Record<string, string>>;
  readonly onBind?: (name: string, password: string) => ScriptedResult | Mishap | undefined;
  readonly onSearch?: (search: ScriptedSearch) => ScriptedResult | Mishap | undefined;
  readonly whoAmI?: string;
  /** What comes to the wish for TLS, as bytes after the plain answer; by default it is refused. */
  readonly onStartTls?: 'refuse' | 'inject' | 'hang';
}

export interface ScriptedSearch {
  readonly base: string;
  readonly scope: string;
  readonly filter: string;
  readonly attributes: readonly string[];
}

interface Answering {
  readonly socket: Socket;
  readonly messageId: number;
}

export class ScriptedDirectory implements AsyncDisposable {
  readonly binds: { readonly name: string; readonly password: string; readonly connection: number }[] = [];
  readonly searches: ScriptedSearch[] = [];
  connectionCount = 0;
  script: Script;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  static async start(script: Script): Promise<ScriptedDirectory> {
    const directory = new ScriptedDirectory(script);
    directory.#server.listen(0, '127.0.0.1');
    await once(directory.#server, 'listening');
    return directory;
  }

  private constructor(script: Script) {
    this.script = script;
    this.#server = createServer((socket) => this.#serve(socket));
  }

  get url(): string {
    const address: string | AddressInfo | null = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('not listening');
    return `ldap://127.0.0.1:${address.port}`;
  }

  /** As a server does with connections that are silent for long. */
  dropConnections(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.dropConnections();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, 'close');
  }

  #serve(socket: Socket): void {
    this.connectionCount += 1;
    const connection = this.connectionCount;
    this.#sockets.add(socket);
    let received = Buffer.alloc(0);
    socket.on('error', () => {});
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('data', (bytes: Buffer) => {
      received = Buffer.concat([received, bytes]);
      for (let length = messageLength(received); length !== undefined; length = messageLength(received)) {
        if (received.length < length) return;
        this.#answer(socket, connection, received.subarray(0, length));
        received = received.subarray(length);
      }
    });
  }

  #answer(socket: Socket, connection: number, message: Buffer): void {
    const reader = new BerReader(message);
    reader.readSequence();
    const to = { socket, messageId: reader.readInt() ?? 0 };
    const operation = reader.readSequence();
    if (operation === 0x60) this.#bind(to, connection, reader);
    else if (operation === 0x63) this.#search(to, reader);
    else if (operation === 0x77) this.#extended(to, reader);
    else if (operation === 0x42) socket.end();
  }

  #bind(to: Answering, connection: number, reader: BerReader): void {
    reader.readInt();
    const name = reader.readString() ?? '';
    const isSimple = reader.peek() === 0x80;
    const password = isSimple ? (reader.readString(0x80) ?? '') : 'SASL';
    this.binds.push({ name, password, connection });
    const { onBind, passwords = {} } = this.script;
    const expected = passwords[name];
    const isRight = expected !== undefined && expected === password;
    const result = onBind?.(name, password) ?? { code: isRight ? 0 : 49 };
    send(to, 0x61, result);
  }

  #search(to: Answering, reader: BerReader): void {
    const request = new SearchRequest({ messageId: to.messageId, filter: new PresenceFilter() });
    request.parseMessage(reader);
    const { baseDN: base, scope, filter, attributes } = request;
    const search = { base, scope, filter: filter.toString(), attributes };
    this.searches.push(search);
    const scripted = this.script.onSearch?.(search);
    if (scripted !== undefined) {
      send(to, 0x65, scripted);
      return;
    }
    const { entries = [] } = this.script;
    const found = entries.filter(
      (entry) => isWithin(entry.dn, base, scope) && matches(filter, entry, entries),
    );
    const limit = request.sizeLimit === 0 ? found.length : request.sizeLimit;
    for (const entry of found.slice(0, limit)) sendEntry(to, entry, attributes);
    send(to, 0x65, { code: found.length > limit ? 4 : 0 });
  }

  #extended(to: Answering, reader: BerReader): void {
    const oid = reader.readString(0x80);
    const { whoAmI, onStartTls = 'refuse' } = this.script;
    if (oid === '1.3.6.1.4.1.4203.1.11.3' && whoAmI !== undefined) {
      to.socket.write(
        message(to.messageId, 0x78, (writer) => {
          writeResult(writer, { code: 0 });
          writer.writeString(whoAmI, 0x8b);
        }),
      );
      return;
    }
    if (onStartTls === 'refuse' || oid !== '1.3.6.1.4.1.1466.20037') send(to, 0x78, { code: 2 });
    if (onStartTls !== 'inject') return;
    const accepted = message(to.messageId, 0x78, (writer) => writeResult(writer, { code: 0 }));
    const forged = message(2, 0x61, (writer) => writeResult(writer, { code: 0 }));
    to.socket.write(Buffer.concat([accepted, forged]));
  }
}

function send({ socket, messageId }: Answering, tag: number, result: ScriptedResult | Mishap): void {
  if (result === 'drop') socket.destroy();
  if (typeof result === 'string') return;
  socket.write(message(messageId, tag, (writer) => writeResult(writer, result), result.policyError));
}

function writeResult(writer: BerWriter, { code, diagnostic = '' }: ScriptedResult): void {
  writer.writeEnumeration(code);
  writer.writeString('');
  writer.writeString(diagnostic);
}

function sendEntry(
  { socket, messageId }: Answering,
  { dn, attributes }: ScriptedEntry,
  asked: readonly string[],
) {
  const isAsked = (name: string) => asked.includes(name.replace(/;.*/, '').toLowerCase());
  const entry = message(messageId, 0x64, (writer) => {
    writer.writeString(dn);
    writer.startSequence();
    for (const [name, values] of Object.entries(attributes).filter(([name]) => isAsked(name))) {
      writer.startSequence();
      writer.writeString(name);
      writer.startSequence(0x31);
      for (const value of values) writer.writeBuffer(Buffer.from(value), 0x04);
      writer.endSequence();
      writer.endSequence();
    }
    writer.endSequence();
  });
  socket.write(entry);
}

function message(id: number, tag: number, write: (writer: BerWriter) => void, policyError?: number): Buffer {
  const writer = new BerWriter();
  writer.startSequence();
  writer.writeInt(id);
  writer.startSequence(tag);
  write(writer);
  writer.endSequence();
  if (policyError !== undefined) {
    writer.startSequence(0xa0);
    writer.startSequence();
    writer.writeString('1.3.6.1.4.1.42.2.27.8.5.1');
    writer.writeBuffer(Buffer.from([0x30, 0x03, 0x81, 0x01, policyError]), 0x04);
    writer.endSequence();
    writer.endSequence();
  }
  writer.endSequence();
  return writer.buffer;
}

function messageLength(bytes: Buffer): number | undefined {
  const reader = new BerReader(bytes);
  return reader.readSequence() === null ? undefined : reader.offset + reader.length;
}

function isWithin(dn: string, base: string, scope: string): boolean {
  const isBase = dn.toLowerCase() === base.toLowerCase();
  return scope === 'base' ? isBase : isBase || dn.toLowerCase().endsWith(`,${base.toLowerCase()}`);
}

function matches(filter: Filter, entry: ScriptedEntry, all: readonly ScriptedEntry[]): boolean {
  if (filter instanceof AndFilter) return filter.filters.every((each) => matches(each, entry, all));
  if (filter instanceof OrFilter) return filter.filters.some((each) => matches(each, entry, all));
  if (filter instanceof NotFilter) return !matches(filter.filter, entry, all);
  // The library reads the attribute of this one wrongly; nothing but (objectClass=*) is asked.
  if (filter instanceof PresenceFilter) return true;
  if (filter instanceof EqualityFilter)
    return textsOf(entry, filter.attribute).includes(String(filter.value).toLowerCase());
  if (filter instanceof ExtensibleFilter) return isInChain(filter.matchType, filter.value, entry, all);
  return false;
}

function textsOf({ attributes }: ScriptedEntry, name: string): readonly string[] {
  const [, values = []] =
    Object.entries(attributes).find(([each]) => each.toLowerCase() === name.toLowerCase()) ?? [];
  return values.map((value) =>
    (typeof value === 'string' ? value : (sidText(value) ?? value.toString('hex'))).toLowerCase(),
  );
}

function isInChain(
  attribute: string,
  value: string,
  entry: ScriptedEntry,
  all: readonly ScriptedEntry[],
  seen: readonly string[] = [],
): boolean {
  const held = textsOf(entry, attribute);
  if (held.includes(value.toLowerCase())) return true;
  return all.some(
    (each) =>
      held.includes(each.dn.toLowerCase()) &&
      !seen.includes(each.dn) &&
      isInChain(attribute, value, each, all, [...seen, each.dn]),
  );
}
