/** The Lambda Runtime API for one process: hands it one invocation after the other and takes what it says to them. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { MAX_ANSWER_BYTES } from './function-protocol.ts';
import { isOwnPeer } from './peer-owner.ts';
import {
  invocationHeaders,
  type NextInvocation,
  type RuntimeCall,
  readRuntimeCall,
} from './runtime-protocol.ts';

const HOST = '127.0.0.1';
const OK = 200;
const ACCEPTED = 202;
const BAD_REQUEST = 400;
const FORBIDDEN = 403;
const NOT_FOUND = 404;
const TOO_LARGE = 413;

/** What a runtime does, as far as it concerns the host. */
export interface RuntimeListener {
  /** It waits for an invocation; called again after every one. */
  onWaiting(): void;
  /** It could not load the function; `body` is JSON, or should be. */
  onInitError(body: string): void;
  /** Returns whether the invocation is the one that is open. */
  onOutcome(requestId: string, kind: 'response' | 'error', body: string): boolean;
  onTooLarge(): void;
}

/**
 * A runtime proves itself by nothing: the clients know an address only. The port is the secret of no one but it is one
 * process's alone, only processes of the server's own user are answered where the system tells (Linux), and only one `next`
 * is open at a time, so that nobody waits beside the function for a login's password.
 *
 * Life: construct → `listen` → `deliver`, one after the other → `close`.
 */
export class RuntimeServer {
  readonly #listener: RuntimeListener;
  readonly #server: Server;
  #waiting: ServerResponse | undefined;
  readonly #trusted = new WeakMap<Socket, Promise<boolean>>();

  constructor(listener: RuntimeListener) {
    this.#listener = listener;
    this.#server = createServer((request, response) => void this.#answer(request, response));
    // A runtime is silent for as long as it waits or works.
    this.#server.keepAliveTimeout = 0;
    this.#server.requestTimeout = 0;
  }

  /** Resolves to `host:port`. Rejects where it cannot listen, or is closed before it does. */
  listen(): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    this.#server.once('error', reject);
    this.#server.once('close', () => reject(new Error('closed before it listened')));
    this.#server.listen(0, HOST, () => resolve(`${HOST}:${portOf(this.#server.address())}`));
    return promise;
  }

  /** Hands the event to the runtime that waits. Returns false where none does. */
  deliver(next: NextInvocation, event: object): boolean {
    const waiting = this.#waiting;
    if (waiting === undefined) return false;
    this.#waiting = undefined;
    waiting.writeHead(OK, invocationHeaders(next)).end(JSON.stringify(event));
    return true;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const call = readRuntimeCall(request.method, request.url);
    if (call === undefined) return reply(response, NOT_FOUND, 'NotFound');
    if (!(await this.#isOurs(request.socket))) return reply(response, FORBIDDEN, 'Forbidden');
    if (call.kind === 'next') return this.#wait(response);
    const body = await readBody(request);
    if (body !== undefined) return this.#take(call, body, response);
    this.#listener.onTooLarge();
    reply(response, TOO_LARGE, 'RequestEntityTooLarge');
  }

  #isOurs(socket: Socket): Promise<boolean> {
    let isOurs = this.#trusted.get(socket);
    if (isOurs === undefined) {
      isOurs = isOwnPeer(socket);
      this.#trusted.set(socket, isOurs);
    }
    return isOurs;
  }

  #wait(response: ServerResponse): void {
    if (this.#waiting !== undefined) return reply(response, FORBIDDEN, 'AlreadyWaiting');
    if (response.destroyed) return;
    this.#waiting = response;
    response.once('close', () => {
      if (this.#waiting === response) this.#waiting = undefined;
    });
    this.#listener.onWaiting();
  }

  #take(call: Exclude<RuntimeCall, { kind: 'next' }>, body: string, response: ServerResponse): void {
    if (call.kind === 'init-error') {
      reply(response, ACCEPTED);
      this.#listener.onInitError(body);
      return;
    }
    const isOpen = this.#listener.onOutcome(call.requestId, call.kind, body);
    if (isOpen) reply(response, ACCEPTED);
    else reply(response, BAD_REQUEST, 'InvalidRequestID');
  }
}

/** Undefined where it is too large. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const parts: Buffer[] = [];
  let byteCount = 0;
  try {
    for await (const part of request) {
      const bytes = Buffer.from(part);
      byteCount += bytes.length;
      if (byteCount > MAX_ANSWER_BYTES) return undefined;
      parts.push(bytes);
    }
  } catch {
    return '';
  }
  return Buffer.concat(parts).toString('utf8');
}

function reply(response: ServerResponse, status: number, errorType?: string): void {
  const body = errorType === undefined ? { status: 'OK' } : { errorMessage: errorType, errorType };
  // A judgement about a connection lasts as long as the connection: the next one is judged anew.
  if (status === FORBIDDEN) response.shouldKeepAlive = false;
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}

function portOf(address: AddressInfo | string | null): number {
  return typeof address === 'object' && address !== null ? address.port : 0;
}
