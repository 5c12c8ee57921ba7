/** The authentication protocol, server side (RFC 4252): one request at a time, success exactly once. */

import { isUtf8 } from 'node:buffer';
import { setTimeout as delay } from 'node:timers/promises';
import type { ByteReader } from '../wire/byte-reader.ts';
import { ByteWriter } from '../wire/byte-writer.ts';
import type { AuthAttempt, Authenticator, AuthMethod, AuthVerdict, LayerRefusal } from './authenticator.ts';
import { SshError } from './error.ts';
import { Message } from './message.ts';
import { type PublicKey, PublicKeyError, parsePublicKey } from './public-key.ts';
import { signatureAlgorithm, verifySignature } from './signature.ts';

/** Failed passwords and signatures before the connection ends, as in OpenSSH. The first `none` and key queries are free. */
export const DEFAULT_MAX_FAILURES = 6;
/** Requests of any kind: queries and partial successes went uncounted in other servers. */
const MAX_REQUESTS = 128;
/** Longest password in bytes. */
const MAX_PASSWORD_BYTES = 4096;
/** Longest user name in bytes; the identity layer has a narrower rule. */
const MAX_USER_NAME_BYTES = 1024;
/** A refused password or signature is answered no sooner than this, so that a quick refusal tells less. */
const MIN_REFUSAL_MS = 100;

const USERAUTH_SERVICE = 'ssh-userauth';
const CONNECTION_SERVICE = 'ssh-connection';

export interface AuthenticationOptions<Identity> {
  readonly authenticator: Authenticator<Identity>;
  /** H of the first key exchange: what signatures are bound to. */
  readonly sessionId: () => Buffer;
  /** Shown before the first answer; empty for none. */
  readonly banner: string;
  readonly maxFailures: number;
  readonly signal: AbortSignal;
  send(payload: Buffer): void;
  /** Stops reading requests until the returned function is called. */
  hold(): () => void;
  /** The one place that is told of success, once, with the identity of the final step. */
  succeed(identity: Identity): void;
  fail(error: unknown): void;
}

/** One USERAUTH_REQUEST, parsed to its end before anybody is asked (CVE-2018-15473). */
type Request = { readonly method: 'none' | 'unknown' } | PasswordRequest | KeyRequest;

interface PasswordRequest {
  readonly method: 'password';
  /** Undefined when it is not UTF-8: read as text, several passwords would be one. */
  readonly password: string | undefined;
  readonly isChange: boolean;
}

interface KeyRequest {
  readonly method: 'publickey';
  readonly algorithm: string;
  readonly blob: Buffer;
  readonly signature?: SignedPart;
}

interface SignedPart {
  readonly signature: Buffer;
  /** What was signed, without the session id in front (RFC 4252 section 7). */
  readonly message: Buffer;
}

export class Authentication<Identity> {
  readonly #options: AuthenticationOptions<Identity>;
  #userName: string | undefined;
  #requests = 0;
  #failures = 0;
  #isDone = false;
  #methods: readonly AuthMethod[];

  constructor(options: AuthenticationOptions<Identity>) {
    this.#options = options;
    this.#methods = options.authenticator.methods;
  }

  /** SERVICE_REQUEST. @throws SshError SERVICE_UNKNOWN */
  onServiceRequest(message: ByteReader): void {
    const service = message.ascii();
    if (service !== USERAUTH_SERVICE)
      throw new SshError('SERVICE_UNKNOWN', 'only ssh-userauth can be asked for');
    this.#options.send(new ByteWriter().uint8(Message.SERVICE_ACCEPT).string(service).finish());
  }

  /** USERAUTH_REQUEST. The next one is not read before this one is answered. */
  onRequest(message: ByteReader): void {
    this.#requests++;
    if (this.#requests > MAX_REQUESTS)
      throw new SshError('AUTH_TOO_MANY_FAILURES', 'Too many authentication requests');
    const userName = this.#sameUser(message);
    const request = parseRequest(message, userName);
    if (this.#requests === 1) this.#sendBanner();
    const release = this.#options.hold();
    this.#answer(userName, request)
      .catch((error: unknown) => this.#options.fail(error))
      .finally(release);
  }

  /** User and service are fixed by the first request: a change of user was an injection elsewhere (CVE-2023-46446). */
  #sameUser(message: ByteReader): string {
    const userName = message.text();
    if (Buffer.byteLength(userName) > MAX_USER_NAME_BYTES)
      throw new SshError('MESSAGE_INVALID', 'the user name is too long');
    this.#userName ??= userName;
    if (userName !== this.#userName)
      throw new SshError('AUTH_USER_CHANGED', 'the user name changed during the login');
    if (message.ascii() !== CONNECTION_SERVICE)
      throw new SshError('SERVICE_UNKNOWN', 'only ssh-connection is served');
    return userName;
  }

  async #answer(userName: string, request: Request): Promise<void> {
    if (this.#isDone) return;
    const isFirstNone = request.method === 'none' && this.#requests === 1;
    if (isFirstNone) return this.#sendFailure(this.#methods);
    if (request.method === 'publickey' && request.signature === undefined)
      return this.#answerQuery(userName, request);
    const startedMs = performance.now();
    const verdict = await this.#judge(userName, request);
    if (this.#isDone || this.#options.signal.aborted) return;
    if (verdict.outcome === 'accepted') return this.#succeed(verdict.identity);
    this.#methods = verdict.methods;
    if (verdict.outcome === 'continue') return this.#sendFailure(verdict.methods, true);
    const restMs = MIN_REFUSAL_MS - (performance.now() - startedMs);
    if (restMs > 0) await delay(restMs, undefined, { signal: this.#options.signal }).catch(() => undefined);
    this.#countFailure();
    this.#sendFailure(verdict.methods);
  }

  /** An error of the authenticator refuses; it never lets anybody in (CVE-2024-5806). */
  async #judge(userName: string, request: Request): Promise<AuthVerdict<Identity>> {
    try {
      if (request.method === 'password') return await this.#judgePassword(userName, request);
      if (request.method === 'publickey') return await this.#judgeSignature(userName, request);
      return { outcome: 'refused', methods: this.#methods };
    } catch (error) {
      return this.#refusal(
        userName,
        request.method === 'password' ? 'password' : 'publickey',
        'AUTHENTICATOR_FAILED',
        error,
      );
    }
  }

  async #judgePassword(
    userName: string,
    { password, isChange }: PasswordRequest,
  ): Promise<AuthVerdict<Identity>> {
    if (!this.#methods.includes('password')) return this.#refusal(userName, 'password', 'METHOD_NOT_OFFERED');
    // A change of password is not offered, so it is no login either.
    if (isChange) return this.#refusal(userName, 'password', 'PASSWORD_CHANGE_UNSUPPORTED');
    if (password === undefined) return this.#refusal(userName, 'password', 'PASSWORD_NOT_UTF8');
    if (password === '') return this.#refusal(userName, 'password', 'PASSWORD_EMPTY');
    return this.#options.authenticator.password({ ...this.#attempt(userName), password });
  }

  async #judgeSignature(userName: string, request: KeyRequest): Promise<AuthVerdict<Identity>> {
    const key = await this.#acceptableKey(userName, request);
    if (key === undefined) return { outcome: 'refused', methods: this.#methods };
    if (request.signature === undefined || !this.#isSignedBy(key, request.algorithm, request.signature)) {
      return this.#refusal(userName, 'publickey', 'SIGNATURE_INVALID');
    }
    return this.#options.authenticator.keyProven({ ...this.#attempt(userName), key });
  }

  async #answerQuery(userName: string, request: KeyRequest): Promise<void> {
    const key = await this.#acceptableKey(userName, request).catch((error: unknown) => {
      this.#refusal(userName, 'publickey', 'AUTHENTICATOR_FAILED', error);
      return undefined;
    });
    if (this.#isDone || this.#options.signal.aborted) return;
    if (key === undefined) return this.#sendFailure(this.#methods);
    const reply = new ByteWriter()
      .uint8(Message.USERAUTH_PK_OK)
      .string(request.algorithm)
      .string(request.blob);
    this.#options.send(reply.finish());
  }

  async #acceptableKey(userName: string, request: KeyRequest): Promise<PublicKey | undefined> {
    if (!this.#methods.includes('publickey')) {
      this.#refusal(userName, 'publickey', 'METHOD_NOT_OFFERED');
      return undefined;
    }
    const key = parsedOrUndefined(request.blob);
    if (key === undefined || signatureAlgorithm(request.algorithm)?.keyType !== key.type) {
      this.#refusal(userName, 'publickey', 'KEY_UNUSABLE');
      return undefined;
    }
    const isAccepted = await this.#options.authenticator.acceptsKey({ ...this.#attempt(userName), key });
    return isAccepted ? key : undefined;
  }

  /** A refusal of our own, told to the authenticator for the record. */
  #refusal(
    userName: string,
    method: AuthMethod,
    refusal: LayerRefusal,
    cause?: unknown,
  ): AuthVerdict<Identity> {
    this.#options.authenticator.refusedByLayer?.(this.#attempt(userName), method, refusal, cause);
    return { outcome: 'refused', methods: this.#methods };
  }

  #attempt(userName: string): AuthAttempt {
    return { userName, signal: this.#options.signal };
  }

  #isSignedBy(key: PublicKey, algorithmName: string, signed: SignedPart): boolean {
    const algorithm = signatureAlgorithm(algorithmName);
    if (algorithm === undefined) return false;
    const sessionId = new ByteWriter(128).string(this.#options.sessionId()).finish();
    return verifySignature(algorithm, key, Buffer.concat([sessionId, signed.message]), signed.signature);
  }

  #succeed(identity: Identity): void {
    this.#isDone = true;
    this.#options.send(Buffer.from([Message.USERAUTH_SUCCESS]));
    // Sending may have ended the connection.
    if (!this.#options.signal.aborted) this.#options.succeed(identity);
  }

  #countFailure(): void {
    this.#failures++;
    if (this.#failures >= this.#options.maxFailures) {
      throw new SshError('AUTH_TOO_MANY_FAILURES', 'Too many authentication failures');
    }
  }

  #sendFailure(methods: readonly AuthMethod[], isPartialSuccess = false): void {
    this.#options.send(
      new ByteWriter().uint8(Message.USERAUTH_FAILURE).nameList(methods).boolean(isPartialSuccess).finish(),
    );
  }

  #sendBanner(): void {
    if (this.#options.banner === '') return;
    // RFC 4252 section 5.4 wants CR LF line ends.
    const text = this.#options.banner.replace(/\r?\n/g, '\r\n').replace(/(\r\n)?$/, '\r\n');
    this.#options.send(new ByteWriter().uint8(Message.USERAUTH_BANNER).string(text).string('').finish());
  }
}

/** @throws WireError when it is malformed */
function parseRequest(message: ByteReader, userName: string): Request {
  const method = message.ascii();
  if (method === 'none') return { method };
  if (method === 'password') return parsePassword(message);
  if (method === 'publickey') return parsePublicKeyRequest(message, userName);
  return { method: 'unknown' };
}

function parsePassword(message: ByteReader): Request {
  const isChange = message.boolean();
  const bytes = message.string();
  if (isChange) message.string();
  if (bytes.length > MAX_PASSWORD_BYTES) throw new SshError('MESSAGE_INVALID', 'the password is too long');
  return { method: 'password', password: isUtf8(bytes) ? bytes.toString('utf8') : undefined, isChange };
}

function parsePublicKeyRequest(message: ByteReader, userName: string): Request {
  const isSigned = message.boolean();
  const algorithm = message.ascii();
  const blob = message.string();
  if (!isSigned) return { method: 'publickey', algorithm, blob };
  const signed = new ByteWriter(1024)
    .uint8(Message.USERAUTH_REQUEST)
    .string(userName)
    .string(CONNECTION_SERVICE)
    .string('publickey')
    .boolean(true)
    .string(algorithm)
    .string(blob)
    .finish();
  return {
    method: 'publickey',
    algorithm,
    blob,
    signature: { signature: message.string(), message: signed },
  };
}

/** A key that cannot be read fails its attempt, not the connection. */
function parsedOrUndefined(blob: Buffer): PublicKey | undefined {
  try {
    return parsePublicKey(blob);
  } catch (error) {
    if (error instanceof PublicKeyError) return undefined;
    throw error;
  }
}
