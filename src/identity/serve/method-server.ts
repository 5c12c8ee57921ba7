/** The HTTP form of the contract in front of any identity provider: what API Gateway and a function are on AWS. */

import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Decision } from '../decision.ts';
import { IdentityError, type IdentityErrorCode, type IdentityProvider } from '../provider.ts';
import { REFUSALS, type RefusalCode } from '../refusal.ts';
import { IdentityRequest, type LoginAttempt } from '../request.ts';
import { HEADERS } from '../transports/method-protocol.ts';
import type { Access } from './access.ts';
import { RequestInvalid, readAttempt } from './method-request.ts';
import type { WireRequest } from './signature.ts';

/** Questions at once; the same as a provider takes. */
const MAX_CONCURRENT = 512;
/** Connections at once: a caller keeps some open. */
const MAX_CONNECTIONS = 1024;
/** Longest body: eight answers of 1,024 characters, each escaped, and a state. */
const MAX_BODY_BYTES = 128 * 1024;
/** Longest time for a request to arrive. */
const REQUEST_TIMEOUT_MS = 15_000;
/** How long open questions may go on when the server stops. */
const STOP_GRACE_MS = 10_000;

const PATH = /\/servers\/[^/]+\/users\/[^/]+\/config\/?$/;
const REQUEST_ID = /^[\w-]{1,64}$/;

/** Faults that pass, so that a gateway in front may say "try again later". */
const PASSING: ReadonlySet<IdentityErrorCode> = new Set([
  'FUNCTION_OVERLOADED',
  'FUNCTION_UNREACHABLE',
  'FUNCTION_TIMED_OUT',
  'FUNCTION_CRASHED',
]);

/** Denials that are certain before any provider is asked. */
const REFUSED_REQUESTS: Readonly<Partial<Record<RefusalCode, Decision['code']>>> = {
  USER_NAME_INVALID: 'NAME_REFUSED',
  PASSWORD_BLANK: 'PASSWORD_UNUSABLE',
  PASSWORD_TOO_LONG: 'PASSWORD_UNUSABLE',
  PASSWORD_INVALID: 'PASSWORD_UNUSABLE',
  ANSWERS_INVALID: 'PASSWORD_UNUSABLE',
};

/** What is logged of every request. Holds nothing secret. */
export interface Served {
  readonly requestId: string;
  readonly status: number;
  readonly durationMs: number;
  /** Absent where the request was not understood. */
  readonly login?: Pick<LoginAttempt, 'username' | 'serverId' | 'protocol' | 'sourceIp'>;
  readonly code?: Decision['code'] | IdentityErrorCode | RefusalCode;
  readonly message?: string;
}

export interface MethodServerSettings {
  readonly provider: IdentityProvider;
  readonly access: Access;
  /** Private key and certificates as PEM; without them the server speaks plain HTTP. */
  readonly tls?: { readonly key: string; readonly cert: string };
  readonly onServed: (served: Served) => void;
}

interface Reply {
  readonly status: number;
  readonly body: unknown;
  readonly login?: Served['login'];
  readonly code?: Served['code'];
  readonly message?: string;
  readonly decision?: Decision['code'] | undefined;
}

/** Life: construct → `listen` → any number of requests → `stop`. The provider is closed by who made it. */
export class MethodServer {
  readonly #settings: MethodServerSettings;
  readonly #server: Server;
  #openCount = 0;

  constructor(settings: MethodServerSettings) {
    const { tls } = settings;
    const answer = (request: IncomingMessage, response: ServerResponse) =>
      void this.#answer(request, response);
    this.#settings = settings;
    this.#server = tls === undefined ? createServer(answer) : createTlsServer(tls, answer);
    this.#server.maxConnections = MAX_CONNECTIONS;
    this.#server.headersTimeout = REQUEST_TIMEOUT_MS;
    this.#server.requestTimeout = REQUEST_TIMEOUT_MS;
  }

  /** Rejects with the system's error where the address cannot be used. */
  listen(host: string, port: number): Promise<AddressInfo> {
    const { promise, resolve, reject } = Promise.withResolvers<AddressInfo>();
    this.#server.once('error', reject);
    this.#server.listen(port, host, () => {
      const address = this.#server.address();
      if (typeof address === 'object' && address !== null) resolve(address);
    });
    return promise;
  }

  /** Takes no new connections and lets open questions end. Never rejects. */
  async stop(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    this.#server.closeIdleConnections();
    const timer = setTimeout(() => this.#server.closeAllConnections(), STOP_GRACE_MS);
    await promise;
    clearTimeout(timer);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const startMs = performance.now();
    const requestId = requestIdOf(request);
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    this.#openCount += 1;
    const reply = await this.#reply(request, gone.signal).catch(internalError);
    this.#openCount -= 1;
    const { status, body, decision, login, code, message } = reply;
    response.writeHead(status, {
      'Content-Type': 'application/json',
      // The answer is one person's, for once.
      'Cache-Control': 'no-store',
      [HEADERS.requestId]: requestId,
      ...(decision === undefined ? {} : { [HEADERS.decision]: decision }),
      ...(this.#server.listening ? {} : { Connection: 'close' }),
    });
    response.end(JSON.stringify(body));
    this.#settings.onServed({
      requestId,
      status,
      durationMs: Math.round(performance.now() - startMs),
      ...(login === undefined ? {} : { login }),
      ...(code === undefined ? {} : { code }),
      ...(message === undefined ? {} : { message }),
    });
  }

  async #reply(request: IncomingMessage, signal: AbortSignal): Promise<Reply> {
    if (this.#openCount > MAX_CONCURRENT)
      return { status: 503, body: { message: 'Too many requests at once' }, code: 'FUNCTION_OVERLOADED' };
    if (!PATH.test(request.url?.split('?', 1)[0] ?? '')) return failure(404, 'Not found');
    if (request.method !== 'GET' && request.method !== 'POST') return failure(405, 'Method not allowed');
    const body = await readBody(request);
    if (body === undefined) return failure(413, 'The body is too large');
    const wire = wireRequest(request, body);
    if (wire === undefined) return failure(400, 'A header is given twice');
    if (!(await this.#settings.access.allows(wire))) return failure(403, 'Forbidden');
    try {
      return await this.#judge(readAttempt(wire), signal);
    } catch (error) {
      if (error instanceof RequestInvalid) return failure(400, error.message);
      throw error;
    }
  }

  async #judge(attempt: LoginAttempt, signal: AbortSignal): Promise<Reply> {
    const { username, serverId, protocol, sourceIp } = attempt;
    const login = { username, serverId, protocol, sourceIp };
    const checked = IdentityRequest.from(attempt);
    if (checked.outcome === 'refused') {
      const { code, reason } = checked;
      return { status: 200, body: {}, login, code, message: reason, decision: REFUSED_REQUESTS[code] };
    }
    let decision: Decision | undefined;
    const onDecision = (made: Decision) => {
      decision = made;
    };
    try {
      const body = await this.#settings.provider.authenticate(checked.request, { signal, onDecision });
      return { status: 200, body: body ?? null, login, ...told(decision) };
    } catch (error) {
      if (!(error instanceof IdentityError)) throw error;
      const isPassing = PASSING.has(error.code) || decision?.code.startsWith('UPSTREAM_') === true;
      const status = isPassing ? 503 : 500;
      const message = isPassing ? 'Service unavailable' : 'Internal server error';
      const said = decision === undefined ? { code: error.code, message: error.message } : told(decision);
      return { status, body: { message }, login, ...said };
    }
  }
}

function told(decision: Decision | undefined): Pick<Reply, 'code' | 'message' | 'decision'> {
  return decision === undefined ? {} : { ...decision, decision: decision.code };
}

function failure(status: number, message: string): Reply {
  return { status, body: { message }, message };
}

/** A mistake of ours; its text could hold anything. */
function internalError(error: unknown): Reply {
  const name = error instanceof Error ? error.name : typeof error;
  return {
    status: 500,
    body: { message: 'Internal server error' },
    message: `${REFUSALS.FUNCTION_THREW} ${name}`,
  };
}

function requestIdOf({ headers }: IncomingMessage): string {
  const given = headers[HEADERS.requestId.toLowerCase()];
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
}

/** Undefined where a header of ours is given twice: two readers would not agree on which one counts. */
function wireRequest(request: IncomingMessage, body: string): WireRequest | undefined {
  const headers = new Map<string, string>();
  const own = new Set<string>(Object.values(HEADERS).map((name) => name.toLowerCase()));
  for (const [name, values = []] of Object.entries(request.headersDistinct)) {
    const [value] = values;
    if (values.length === 1 && value !== undefined) headers.set(name, value);
    else if (own.has(name)) return undefined;
  }
  return { method: request.method ?? '', target: request.url ?? '', headers, body };
}

/** Undefined where it is too large. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const parts: Buffer[] = [];
  let byteCount = 0;
  for await (const part of request) {
    const bytes = Buffer.from(part);
    byteCount += bytes.length;
    if (byteCount > MAX_BODY_BYTES) return undefined;
    parts.push(bytes);
  }
  return Buffer.concat(parts).toString('utf8');
}
