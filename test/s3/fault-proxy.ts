/** A proxy in front of a real S3 server that breaks what is asked: slow, refused, torn down, silent, or done and denied. */

import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

const HOST = '127.0.0.1';

/**
 * - `slow-request`: the body goes through at this pace.
 * - `status`: refused here; the server never hears of it.
 * - `done-but-status`, `done-but-reset`: the server does it, and the client is told otherwise or nothing.
 * - `reset`: torn down in the middle of the request's body.
 * - `hang`: nothing is read and nothing is said.
 * - `cut-answer`, `stall-answer`: the answer's body stops in the middle, with or without a reset.
 */
export type ProxyFault =
  | { readonly kind: 'slow-request'; readonly bytesPerSecond: number }
  | { readonly kind: 'status' | 'done-but-status'; readonly status: number; readonly code: string }
  | { readonly kind: 'done-but-reset' | 'reset' | 'hang' | 'cut-answer' | 'stall-answer' };

export interface ProxiedRequest {
  readonly method: string;
  /** Path and query, as sent. */
  readonly url: string;
  readonly isCopy: boolean;
}

/** Thrown where the connection is to be torn down. */
class Reset extends Error {}

interface PlannedFault {
  readonly when: (request: ProxiedRequest) => boolean;
  readonly fault: ProxyFault;
  timesLeft: number;
}

export class FaultProxy implements AsyncDisposable {
  readonly endpoint: string;
  readonly #server: Server;
  readonly #target: { readonly host: string; readonly port: number };
  #planned: PlannedFault[] = [];
  #isDown = false;

  private constructor(
    server: Server,
    port: number,
    target: { readonly host: string; readonly port: number },
  ) {
    this.#server = server;
    this.#target = target;
    this.endpoint = `http://${HOST}:${port}`;
    server.on('request', (request, response) => void this.#serve(request, response));
  }

  static async start(target: { readonly host: string; readonly port: number }): Promise<FaultProxy> {
    const server = createServer();
    const { promise, resolve } = Promise.withResolvers<void>();
    server.listen(0, HOST, resolve);
    await promise;
    const address = server.address();
    return new FaultProxy(server, typeof address === 'object' && address !== null ? address.port : 0, target);
  }

  fail(
    when: (request: ProxiedRequest) => boolean,
    fault: ProxyFault,
    times = Number.POSITIVE_INFINITY,
  ): void {
    this.#planned.push({ when, fault, timesLeft: times });
  }

  /** As if the service were switched off. */
  goDown(): void {
    this.#isDown = true;
    this.#server.closeAllConnections();
  }

  /** Nothing goes wrong any more. */
  heal(): void {
    this.#planned = [];
    this.#isDown = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    this.#server.closeAllConnections();
    await promise;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // A request loses its socket when the connection ends.
    const { socket } = request;
    if (this.#isDown) return void socket.resetAndDestroy();
    const fault = this.#take(request);
    try {
      if (fault?.kind === 'hang') return;
      if (fault?.kind === 'status') return await refuse(request, response, fault);
      if (fault?.kind === 'reset') return await resetHalfWay(request);
      await this.#forward(request, response, fault);
    } catch {
      socket.resetAndDestroy();
    }
  }

  async #forward(
    request: IncomingMessage,
    response: ServerResponse,
    fault: ProxyFault | undefined,
  ): Promise<void> {
    // The headers go through unchanged: the signature covers Host too.
    const { method, url, rawHeaders } = request;
    const upstream = httpRequest({ ...this.#target, method, path: url, headers: rawHeaders, agent: false });
    const answered = Promise.withResolvers<IncomingMessage>();
    upstream.once('response', answered.resolve);
    upstream.on('error', answered.reject);
    // Nobody waits for an answer while the body is still going through.
    answered.promise.catch(() => undefined);
    const bytesPerSecond = fault?.kind === 'slow-request' ? fault.bytesPerSecond : undefined;
    try {
      for await (const piece of request) {
        upstream.write(piece);
        if (bytesPerSecond !== undefined) await delay((piece.length / bytesPerSecond) * 1000);
      }
    } catch (error) {
      upstream.destroy();
      throw error;
    }
    upstream.end();
    const answer = await answered.promise;
    if (fault?.kind === 'done-but-reset' || fault?.kind === 'done-but-status') {
      // The server may go on working after its first byte.
      for await (const _ of answer);
      if (fault.kind === 'done-but-status') return await refuse(request, response, fault);
      throw new Reset();
    }
    await passOn(answer, response, fault);
  }

  #take(request: IncomingMessage): ProxyFault | undefined {
    const { method = 'GET', url = '/' } = request;
    const seen = { method, url, isCopy: request.headers['x-amz-copy-source'] !== undefined };
    const planned = this.#planned.find(({ when, timesLeft }) => timesLeft > 0 && when(seen));
    if (planned !== undefined) planned.timesLeft -= 1;
    return planned?.fault;
  }
}

export const isPart = ({ method, url }: ProxiedRequest): boolean =>
  method === 'PUT' && url.includes('partNumber=');
export const isComplete = ({ method, url }: ProxiedRequest): boolean =>
  method === 'POST' && url.includes('uploadId=');
export const isAbort = ({ method, url }: ProxiedRequest): boolean =>
  method === 'DELETE' && url.includes('uploadId=');
export const isPut = (request: ProxiedRequest): boolean =>
  request.method === 'PUT' && !isPart(request) && !request.isCopy;
export const isCopy = (request: ProxiedRequest): boolean => request.isCopy && !isPart(request);
export const isDelete = (request: ProxiedRequest): boolean =>
  request.method === 'DELETE' && !isAbort(request);
/** Of an object, not a listing. */
export const isGet = ({ method, url }: ProxiedRequest): boolean =>
  method === 'GET' && !url.includes('list-type=') && !url.includes('uploads');

async function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  { status, code }: { readonly status: number; readonly code: string },
): Promise<void> {
  if (!request.complete) for await (const _ of request);
  response.writeHead(status, { 'content-type': 'application/xml' });
  response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>by the proxy</Message></Error>`);
}

async function resetHalfWay(request: IncomingMessage): Promise<void> {
  const half = Number(request.headers['content-length'] ?? 0) / 2;
  let seenBytes = 0;
  for await (const piece of request) {
    seenBytes += piece.length;
    if (seenBytes >= half) throw new Reset();
  }
}

async function passOn(
  answer: IncomingMessage,
  response: ServerResponse,
  fault: ProxyFault | undefined,
): Promise<void> {
  const breaks = fault?.kind === 'cut-answer' || fault?.kind === 'stall-answer';
  const half = Number(answer.headers['content-length'] ?? 0) / 2;
  let passedBytes = 0;
  response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
  for await (const piece of answer) {
    passedBytes += piece.length;
    if (!breaks || passedBytes < half) response.write(piece);
    else if (fault.kind === 'cut-answer') throw new Reset();
    else return;
  }
  response.end();
}
