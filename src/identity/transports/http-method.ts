/** Asks an HTTP method who may log in: the API_GATEWAY form of the contract, on AWS or anywhere else. */

import { randomUUID } from 'node:crypto';
import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import { DENIALS, type Decision, FAULTS } from '../decision.ts';
import { type AuthenticateOptions, IdentityError, type IdentityProvider } from '../provider.ts';
import type { IdentityEvent, IdentityRequest } from '../request.ts';
import { signingCredentials } from './credentials.ts';
import { MAX_ANSWER_BYTES } from './function-protocol.ts';
import { DEFAULT_TIMEOUT_MS } from './function-settings.ts';
import { type HttpMethodSettings, problemOf, regionOf } from './http-method-settings.ts';
import { InvocationRole } from './invocation-role.ts';
import {
  type DialogueBody,
  fitsPasswordHeader,
  HEADERS,
  readDecisionHeader,
  SIGNED_SERVICE,
} from './method-protocol.ts';
import { connectionFailure, RemoteCalls } from './remote-calls.ts';

const OK = 200;
/** Texts of the decisions, which do not travel: the code does. */
const DECISION_TEXTS: Readonly<Record<Decision['code'], string>> = {
  GRANTED: 'The provider lets the user in.',
  CHALLENGED: 'The provider asks the user for more.',
  ...DENIALS,
  ...FAULTS,
};

/** One call, before it is signed. */
interface Call {
  readonly method: 'GET' | 'POST';
  readonly url: URL;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Record<string, string>;
  readonly body: string | undefined;
}

export class HttpMethod implements IdentityProvider {
  readonly #settings: HttpMethodSettings;
  readonly #calls: RemoteCalls;
  readonly #role: InvocationRole | undefined;

  constructor(settings: HttpMethodSettings) {
    const { invocationRole } = settings;
    const region = regionOf(settings);
    this.#settings = settings;
    this.#calls = new RemoteCalls(settings.timeoutMs ?? DEFAULT_TIMEOUT_MS);
    this.#role =
      invocationRole === undefined || region === undefined
        ? undefined
        : new InvocationRole(invocationRole, region);
  }

  /** That the URL may be used and the role be assumed. The method itself is not called: every call is a login. */
  async check(): Promise<void> {
    this.#refuseProblem();
    await this.#role?.credentials();
  }

  async authenticate(request: IdentityRequest, options: AuthenticateOptions): Promise<unknown> {
    this.#refuseProblem();
    return this.#calls.run(
      options.signal,
      (signal) => this.#ask(request, { ...options, signal }),
      (error) => {
        const text = `${this.#settings.url} cannot be reached: ${connectionFailure(error)}`;
        return new IdentityError('FUNCTION_UNREACHABLE', text, {
          cause: new Error(connectionFailure(error)),
        });
      },
    );
  }

  async close(): Promise<void> {
    this.#calls.close();
    this.#role?.close();
  }

  #refuseProblem(): void {
    const problem = problemOf(this.#settings);
    if (problem !== undefined) throw new IdentityError('FUNCTION_UNREACHABLE', problem);
  }

  async #ask(request: IdentityRequest, { signal, onDecision }: AuthenticateOptions): Promise<unknown> {
    const call = callOf(request.event(), this.#settings);
    const response = await fetch(call.url, {
      method: call.method,
      headers: await this.#signed(call),
      body: call.body ?? null,
      // A redirect would carry the password to wherever it points.
      redirect: 'manual',
      signal,
    });
    const code = readDecisionHeader(response.headers.get(HEADERS.decision));
    if (code !== undefined) onDecision?.({ code, message: DECISION_TEXTS[code] });
    if (response.status !== OK) {
      await response.body?.cancel();
      throw new IdentityError('FUNCTION_THREW', statusText(response.status, code));
    }
    return parse(await boundedBytes(response));
  }

  async #signed({ method, url, query, headers, body }: Call): Promise<Record<string, string>> {
    const { apiKey } = this.#settings;
    if (apiKey !== undefined) headers[HEADERS.apiKey] = apiKey;
    const region = regionOf(this.#settings);
    if (this.#role === undefined || region === undefined) return headers;
    const signer = new SignatureV4({
      service: SIGNED_SERVICE,
      region,
      credentials: signingCredentials(await this.#role.credentials()),
      sha256: Sha256,
    });
    const signed = await signer.sign({
      method,
      protocol: url.protocol,
      hostname: url.hostname,
      path: url.pathname,
      query: { ...query },
      headers: { ...headers, host: url.host },
      ...(body === undefined ? {} : { body }),
    });
    return signed.headers;
  }
}

function callOf(event: IdentityEvent, { url: base }: HttpMethodSettings): Call {
  const { username, password, serverId, protocol, sourceIp } = event;
  // A user name holds nothing that changes a path, but `@` is written `%40` on AWS, and functions decode it.
  const path = `/servers/${encodeURIComponent(serverId)}/users/${encodeURIComponent(username)}/config`;
  const query = { protocol, sourceIp };
  const url = new URL(`${base.replace(/\/+$/, '')}${path}`);
  url.search = Object.entries(query)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&');
  const dialogue = dialogueOf(event);
  const headers: Record<string, string> = {
    accept: 'application/json',
    'user-agent': 'drawbridge',
    [HEADERS.requestId]: randomUUID(),
    [HEADERS.sourceIp]: sourceIp,
    ...(password === undefined ? {} : passwordHeaders(password)),
  };
  if (dialogue === undefined) return { method: 'GET', url, query, headers, body: undefined };
  headers['content-type'] = 'application/json';
  return { method: 'POST', url, query, headers, body: JSON.stringify(dialogue) };
}

/** Both, as AWS sends them: old mapping templates know the first only. */
function passwordHeaders(password: string): Readonly<Record<string, string>> {
  return {
    ...(fitsPasswordHeader(password) ? { [HEADERS.password]: password } : {}),
    [HEADERS.passwordBase64]: Buffer.from(password).toString('base64'),
  };
}

/** Undefined where the question is one that the contract of AWS has. */
function dialogueOf({ challengeAnswers, state, interactive }: IdentityEvent): DialogueBody | undefined {
  if (challengeAnswers === undefined && interactive === undefined) return undefined;
  return {
    ...(challengeAnswers === undefined ? {} : { challengeAnswers: [...challengeAnswers] }),
    ...(state === undefined ? {} : { state }),
    ...(interactive === undefined ? {} : { interactive }),
  };
}

/** The body of an error is not quoted: some gateways print the request in it. */
function statusText(status: number, code: Decision['code'] | undefined): string {
  if (code !== undefined) return `${code}: ${DECISION_TEXTS[code]} (status ${status})`;
  if (status >= 300 && status < 400)
    return `the method answers with a redirect (status ${status}), which is not followed: correct Url`;
  if (status === 401 || status === 403)
    return `the method refuses the call (status ${status}): check InvocationRole and Region, or ApiKey`;
  if (status === 404 || status === 405)
    return `there is no such method (status ${status}): check Url, and that POST is allowed where KeyboardInteractive is on`;
  return `the method answers with status ${status}`;
}

async function boundedBytes(response: Response): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let byteCount = 0;
  for await (const part of response.body ?? []) {
    byteCount += part.byteLength;
    if (byteCount > MAX_ANSWER_BYTES)
      throw new IdentityError('ANSWER_TOO_LARGE', `the answer has more than ${MAX_ANSWER_BYTES} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new IdentityError('ANSWER_NOT_JSON', 'the body of the answer is not JSON');
  }
}
