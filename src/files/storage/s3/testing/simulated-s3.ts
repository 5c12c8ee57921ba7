/** A small S3 service for tests, written from AWS's API documentation: objects in memory, faults on request. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { SimulatedBucket, SimulatedS3Error } from './simulated-bucket.ts';
import { answerOperation, operationOf, type S3Answer, type S3Call } from './simulated-operations.ts';
import { errorXml } from './simulated-xml.ts';

const HOST = '127.0.0.1';
const S3_MIN_PART_BYTES = 5 * 1024 * 1024;

/**
 * What goes wrong with a request.
 * - `status`: refused with this HTTP status and S3 code, the body read, nothing done.
 * - `reset`: the connection is torn down before anything is done.
 * - `lost-answer`: it is done, and the connection torn down instead of the answer.
 * - `hang`: nothing is done and no answer ever comes; the body is not read either.
 * - `slow`: body and answer go at this pace.
 * - `cut`: the answer ends in the middle of its body by a reset.
 * - `stall`: the answer's body stops in the middle and the connection stays.
 * - `error-in-body`: 200 with an error in the body (Complete and copies); nothing is done, unless `done`.
 */
export type Fault =
  | { readonly kind: 'status'; readonly status: number; readonly code: string }
  | { readonly kind: 'reset' | 'lost-answer' | 'hang' | 'cut' | 'stall' }
  | { readonly kind: 'slow'; readonly bytesPerSecond: number }
  | { readonly kind: 'error-in-body'; readonly code: string; readonly done?: boolean };

/** One request as tests see it. */
export interface SeenRequest {
  readonly operation: string;
  readonly key: string;
  /** How many requests of this operation there were, this one included. */
  readonly count: number;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
}

interface PlannedFault {
  readonly when: (request: SeenRequest) => boolean;
  readonly fault: Fault;
  timesLeft: number;
}

export interface SimulatedS3Options {
  /** Smallest part but the last; 5 MiB as S3 has it. */
  readonly minPartBytes?: number;
  readonly bucket?: string;
  readonly now?: () => number;
}

/** Life: `start` → use → dispose. */
export class SimulatedS3 implements AsyncDisposable {
  readonly endpoint: string;
  readonly bucket: string;
  /** What is stored; tests look at it and fill it without requests. */
  readonly contents: SimulatedBucket;
  /** All requests, in the order of their arrival. */
  readonly requests: SeenRequest[] = [];
  readonly #server: Server;
  readonly #faults: PlannedFault[] = [];
  readonly #counts = new Map<string, number>();

  private constructor(server: Server, bucket: string, contents: SimulatedBucket) {
    this.#server = server;
    this.bucket = bucket;
    this.contents = contents;
    this.endpoint = `http://${HOST}:${portOf(server)}`;
    server.on('request', (request, response) => void this.#serve(request, response));
  }

  static async start(options: SimulatedS3Options = {}): Promise<SimulatedS3> {
    const { minPartBytes = S3_MIN_PART_BYTES, bucket = 'simulated', now = Date.now } = options;
    const server = createServer({ keepAlive: true });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.once('error', reject);
    server.listen(0, HOST, resolve);
    await promise;
    return new SimulatedS3(server, bucket, new SimulatedBucket({ minPartBytes, now }));
  }

  /** The next `times` requests that fit go wrong. Earlier plans come first. */
  fail(when: (request: SeenRequest) => boolean, fault: Fault, times = 1): void {
    this.#faults.push({ when, fault, timesLeft: times });
  }

  /** As `fail`, for all requests of an operation such as `UploadPart`. */
  failOperation(operation: string, fault: Fault, times = 1): void {
    this.fail((request) => request.operation === operation, fault, times);
  }

  /** Forgets the plans that did not come true. */
  clearFaults(): void {
    this.#faults.length = 0;
  }

  /** How many requests of an operation came in. */
  count(operation: string): number {
    return this.#counts.get(operation) ?? 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    this.#server.closeAllConnections();
    await promise;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await this.#answer(request, response);
    } catch (error) {
      if (request.socket.destroyed) return;
      if (error instanceof SimulatedS3Error) return respond(response, refusal(error, request));
      respond(response, refusal(new SimulatedS3Error(500, `InternalError: ${String(error)}`), request));
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const call = parseCall(request);
    const fault = this.#take(call, request);
    if (fault?.kind === 'reset') return reset(request);
    if (fault?.kind === 'hang') return;
    const bytesPerSecond = fault?.kind === 'slow' ? fault.bytesPerSecond : Number.POSITIVE_INFINITY;
    const body = await readBody(request, bytesPerSecond);
    if (fault?.kind === 'status') throw new SimulatedS3Error(fault.status, fault.code);
    if (fault?.kind === 'error-in-body' && fault.done !== true) return respond(response, inBody(fault.code));
    if (call.bucket !== this.bucket) throw new SimulatedS3Error(404, 'NoSuchBucket');
    const answer = answerOperation(this.contents, { ...call, body });
    if (fault?.kind === 'error-in-body') return respond(response, inBody(fault.code));
    if (fault?.kind === 'lost-answer') return reset(request);
    if (fault?.kind === 'cut' || fault?.kind === 'stall')
      return halfAnswer(request, response, answer, fault.kind);
    if (fault?.kind === 'slow') return slowAnswer(response, answer, bytesPerSecond);
    respond(response, answer);
  }

  #take(call: Omit<S3Call, 'body'>, request: IncomingMessage): Fault | undefined {
    const { operation, key, query } = call;
    const count = this.count(operation) + 1;
    this.#counts.set(operation, count);
    const seen = { operation, key, count, query, headers: request.headers };
    this.requests.push(seen);
    const planned = this.#faults.find(({ when, timesLeft }) => timesLeft > 0 && when(seen));
    if (planned === undefined) return undefined;
    planned.timesLeft -= 1;
    return planned.fault;
  }
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Path style only: `/bucket/key`. */
function parseCall(request: IncomingMessage): Omit<S3Call, 'body'> {
  const [path = '/', search = ''] = (request.url ?? '/').split('?', 2);
  const [, bucket = '', ...rest] = path.split('/');
  const query = new URLSearchParams(search);
  const key = decodeURIComponent(rest.join('/'));
  const { method = 'GET', headers } = request;
  return {
    operation: operationOf(method, key, query, headers),
    bucket: decodeURIComponent(bucket),
    key,
    query,
    headers,
  };
}

async function readBody(request: IncomingMessage, bytesPerSecond: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of request) {
    pieces.push(piece);
    if (Number.isFinite(bytesPerSecond)) await pause((piece.length / bytesPerSecond) * 1000);
  }
  return Buffer.concat(pieces);
}

function respond(response: ServerResponse, { status, headers, body, isHead }: S3Answer): void {
  response.writeHead(status, {
    'content-length': String(body.length),
    'x-amz-request-id': 'SIMULATED',
    ...headers,
  });
  response.end(isHead === true ? undefined : body);
}

function refusal({ status, code }: SimulatedS3Error, request: IncomingMessage): S3Answer {
  const isHead = request.method === 'HEAD';
  const body = isHead || status === 304 ? Buffer.alloc(0) : Buffer.from(errorXml(code));
  return { status, headers: { 'content-type': 'application/xml' }, body, isHead };
}

function inBody(code: string): S3Answer {
  return { status: 200, headers: { 'content-type': 'application/xml' }, body: Buffer.from(errorXml(code)) };
}

function halfAnswer(
  request: IncomingMessage,
  response: ServerResponse,
  { status, headers, body }: S3Answer,
  kind: 'cut' | 'stall',
): void {
  response.writeHead(status, { 'content-length': String(body.length), ...headers });
  response.write(body.subarray(0, body.length >> 1), () => {
    if (kind === 'cut') reset(request);
  });
}

async function slowAnswer(
  response: ServerResponse,
  { status, headers, body, isHead }: S3Answer,
  bytesPerSecond: number,
): Promise<void> {
  response.writeHead(status, { 'content-length': String(body.length), ...headers });
  if (isHead === true) return void response.end();
  const step = Math.max(1, Math.ceil(bytesPerSecond / 20));
  for (let position = 0; position < body.length && !response.destroyed; position += step) {
    response.write(body.subarray(position, position + step));
    await pause(50);
  }
  response.end();
}

function reset(request: IncomingMessage): void {
  request.socket.resetAndDestroy();
}

function pause(ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  setTimeout(resolve, ms).unref();
  return promise;
}
