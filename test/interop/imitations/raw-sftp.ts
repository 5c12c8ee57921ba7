/** An SFTP connection through `ssh -s … sftp` that decides itself what is under way at once. */

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { type Command, killGroup } from '../lab/command.ts';
import { Fields, Packet, Status, text, uint32 } from './sftp-wire.ts';

/** What the server may send in one packet; more is a fault of it. */
const MAX_PACKET_BYTES = 512 * 1024;
const HEADER_BYTES = 4;
const END_TIMEOUT_MS = 5_000;

export interface Reply {
  readonly type: number;
  readonly fields: Fields;
}

/** The server answered a request with a status other than the wanted one. */
export class StatusError extends Error {
  override readonly name = 'StatusError';
  readonly code: number;

  constructor(code: number, message: string) {
    super(`status ${code}: ${message}`);
    this.code = code;
  }
}

export class RawSftp implements AsyncDisposable {
  /** Names and data of the extensions that the server told with its version. */
  readonly extensions = new Map<string, string>();
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #waiting = new Map<number, PromiseWithResolvers<Reply>>();
  readonly #version = Promise.withResolvers<Reply>();
  readonly #signal: AbortSignal;
  readonly #kill: () => void;
  #errorOutput = '';
  #received: Buffer = Buffer.alloc(0);
  #nextId = 1;

  private constructor(command: Command) {
    this.#child = spawn(command.program, [...command.args], {
      env: { ...command.environment },
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#signal = command.signal;
    this.#kill = () => killGroup(this.#child.pid);
    this.#signal.addEventListener('abort', this.#kill, { once: true });
    this.#child.stdin.on('error', () => {});
    this.#child.stderr.on('data', (chunk: Buffer) => {
      this.#errorOutput += chunk.toString('utf8');
    });
    this.#child.stdout.on('data', (chunk: Buffer) => this.#receive(chunk));
    this.#child.once('error', (error) => this.#fail(error));
    this.#child.once('close', (code) =>
      this.#fail(new Error(`the connection ended with ${code}: ${this.#errorOutput.trim()}`)),
    );
  }

  /** Starts the command and agrees on a version: asks for `highestVersion`, and must be given 3. */
  static async open(command: Command, highestVersion: number): Promise<RawSftp> {
    const connection = new RawSftp(command);
    try {
      connection.#send(Packet.INIT, [uint32(highestVersion)]);
      const { fields } = await connection.#version.promise;
      const version = fields.uint32();
      if (version !== 3) throw new Error(`the server speaks version ${version}`);
      while (!fields.isAtEnd) connection.extensions.set(fields.text(), fields.text());
      return connection;
    } catch (error) {
      await connection[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Sends at once and resolves with whatever the answer is, so that several can be under way. */
  request(type: number, ...parts: readonly Buffer[]): Promise<Reply> {
    const id = this.#nextId++;
    const waiting = Promise.withResolvers<Reply>();
    // Pipelined requests are awaited later: a connection that ends meanwhile is no unhandled rejection.
    waiting.promise.catch(() => {});
    this.#waiting.set(id, waiting);
    this.#send(type, [uint32(id), ...parts]);
    return waiting.promise;
  }

  extended(name: string, ...parts: readonly Buffer[]): Promise<Reply> {
    return this.request(Packet.EXTENDED, text(name), ...parts);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#child, 'close').catch(() => {});
    this.#child.stdin.end();
    const timer = setTimeout(this.#kill, END_TIMEOUT_MS);
    if (this.#child.exitCode === null && this.#child.signalCode === null) await ended;
    clearTimeout(timer);
    this.#signal.removeEventListener('abort', this.#kill);
    this.#kill();
  }

  #send(type: number, parts: readonly Buffer[]): void {
    const body = Buffer.concat([Buffer.of(type), ...parts]);
    this.#child.stdin.write(Buffer.concat([uint32(body.length), body]));
  }

  #receive(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    while (this.#received.length >= HEADER_BYTES) {
      const length = this.#received.readUInt32BE();
      if (length > MAX_PACKET_BYTES) return this.#fail(new Error(`a packet of ${length} bytes`));
      const end = HEADER_BYTES + length;
      if (this.#received.length < end) return;
      this.#deliver(this.#received.subarray(HEADER_BYTES, end));
      this.#received = this.#received.subarray(end);
    }
  }

  #deliver(packet: Buffer): void {
    const type = packet[0] ?? 0;
    const fields = new Fields(packet.subarray(1));
    if (type === Packet.VERSION) return this.#version.resolve({ type, fields });
    const id = fields.uint32();
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (waiting === undefined) this.#fail(new Error(`an answer to request ${id}, which nobody made`));
    else waiting.resolve({ type, fields });
  }

  #fail(error: Error): void {
    this.#version.promise.catch(() => {});
    this.#version.reject(error);
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
  }
}

/** The fields of an answer of this type. @throws StatusError when the answer is a status */
export async function fieldsOf(reply: Promise<Reply>, type: number): Promise<Fields> {
  const { type: given, fields } = await reply;
  if (given === type) return fields;
  if (given !== Packet.STATUS) throw new Error(`answer of type ${given} where ${type} was due`);
  throw new StatusError(fields.uint32(), fields.text());
}

/** @throws StatusError unless the answer is OK */
export async function succeeded(reply: Promise<Reply>): Promise<void> {
  const fields = await fieldsOf(reply, Packet.STATUS);
  const code = fields.uint32();
  if (code !== Status.OK) throw new StatusError(code, fields.text());
}
