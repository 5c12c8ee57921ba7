/** The authentication protocol, server side (RFC 4252): one request at a time, success exactly once. */

import type { ByteReader } from '../wire/byte-reader.ts';
import { ByteWriter } from '../wire/byte-writer.ts';
import {
  bannerMessage,
  failureReply,
  keyAcceptedReply,
  passwordChangeReply,
  successReply,
} from './auth-reply.ts';
import {
  type AuthRequest,
  type KeyRequest,
  type PasswordRequest,
  parseAuthRequest,
  readUserName,
} from './auth-request.ts';
import type {
  AuthAttempt,
  Authenticator,
  AuthMethod,
  AuthVerdict,
  LayerRefusal,
  PasswordVerdict,
} from './authenticator.ts';
import { Dialogue } from './dialogue.ts';
import { SshError } from './error.ts';
import { KeyLogin, type UnusableKey } from './key-login.ts';
import { Message } from './message.ts';
import { ReadHold } from './read-hold.ts';
import { MIN_QUERY_REFUSAL_MS, MIN_REFUSAL_MS, paceRefusal } from './refusal-pace.ts';

/** Failed passwords and signatures before the connection ends, as in OpenSSH. The first `none` and key queries are free. */
export const DEFAULT_MAX_FAILURES = 6;
/** Requests of any kind: queries and partial successes went uncounted in other servers. */
const MAX_REQUESTS = 128;

const USERAUTH_SERVICE = 'ssh-userauth';

/** What a verdict may be. Authenticators in JavaScript return what they like. */
const OUTCOMES: readonly string[] = ['accepted', 'continue', 'refused', 'change-required'];

/** What a login leaves to be minded as long as the session lasts. */
export interface SessionLimits {
  /** A certificate forces `internal-sftp`: nothing else may be started. */
  readonly isSftpForced: boolean;
}

export interface AuthenticationOptions<Identity> {
  readonly authenticator: Authenticator<Identity>;
  /** H of the first key exchange: what signatures are bound to. */
  readonly sessionId: () => Buffer;
  /** Signature algorithms of users and of the authorities that certify them. */
  readonly userSignatures: readonly string[];
  /** Where the client really comes from, as text. Without it nothing that names addresses lets anybody in. */
  readonly sourceAddress: string | undefined;
  /** Shown before the first answer; empty for none. */
  readonly banner: string;
  /** Shown to who has logged in; empty for none. */
  readonly postAuthenticationBanner: string;
  readonly maxFailures: number;
  readonly signal: AbortSignal;
  send(payload: Buffer): void;
  /** Stops reading requests until the returned function is called. */
  hold(): () => void;
  /** The one place that is told of success, once, with the identity of the final step. */
  succeed(identity: Identity, limits: SessionLimits): void;
  fail(error: unknown): void;
}

/** One request on its way to its answer. */
interface Turn {
  readonly number: number;
  readonly userName: string;
  readonly hold: ReadHold;
  /** On the clock of `performance.now`. */
  startedMs: number;
}

export class Authentication<Identity> {
  readonly #options: AuthenticationOptions<Identity>;
  readonly #keys: KeyLogin<Identity>;
  #userName: string | undefined;
  #serviceRequests = 0;
  #requests = 0;
  #failures = 0;
  #isDone = false;
  #methods: readonly AuthMethod[];
  #dialogue: Dialogue | undefined;
  /** The end of the last turn: the next begins behind it, also when the client did not wait. */
  #lastTurn: Promise<void> = Promise.resolve();

  constructor(options: AuthenticationOptions<Identity>) {
    this.#options = options;
    this.#methods = options.authenticator.methods;
    this.#keys = new KeyLogin({
      authenticator: options.authenticator,
      algorithms: options.userSignatures,
      sourceAddress: options.sourceAddress,
      sessionId: options.sessionId,
    });
  }

  /** SERVICE_REQUEST. @throws SshError SERVICE_UNKNOWN */
  onServiceRequest(message: ByteReader): void {
    this.#serviceRequests++;
    assertFew(this.#serviceRequests);
    const service = message.ascii();
    if (service !== USERAUTH_SERVICE)
      throw new SshError('SERVICE_UNKNOWN', 'only ssh-userauth can be asked for');
    this.#options.send(new ByteWriter().uint8(Message.SERVICE_ACCEPT).string(service).finish());
  }

  /** USERAUTH_REQUEST. The next one is not read before this one is answered. */
  onRequest(message: ByteReader): void {
    this.#requests++;
    assertFew(this.#requests);
    const userName = this.#sameUser(message);
    const request = parseAuthRequest(message, userName);
    if (this.#requests === 1 && this.#options.banner !== '')
      this.#options.send(bannerMessage(this.#options.banner));
    this.#abandonDialogue(userName);
    const hold = new ReadHold(() => this.#options.hold());
    const turn = { number: this.#requests, userName, hold, startedMs: performance.now() };
    this.#lastTurn = this.#lastTurn
      .then(() => this.#answer(turn, request))
      .catch((error: unknown) => this.#options.fail(error))
      .finally(() => hold.suspend());
  }

  /** INFO_RESPONSE. @throws SshError MESSAGE_UNEXPECTED when nothing was asked */
  onInfoResponse(message: ByteReader): void {
    if (this.#dialogue === undefined) throw new SshError('MESSAGE_UNEXPECTED', 'answers came to no question');
    this.#dialogue.onResponse(message);
  }

  /** User and service are fixed by the first request: a change of user was an injection elsewhere (CVE-2023-46446). */
  #sameUser(message: ByteReader): string {
    const userName = readUserName(message);
    this.#userName ??= userName;
    if (userName !== this.#userName)
      throw new SshError('AUTH_USER_CHANGED', 'the user name changed during the login');
    return userName;
  }

  /**
   * A new request ends a dialogue without an answer to it (RFC 4256 section 3.1). One that got answers is a failure all the
   * same: to come as far as the next prompt may prove a password.
   */
  #abandonDialogue(userName: string): void {
    const dialogue = this.#dialogue;
    if (dialogue === undefined) return;
    this.#dialogue = undefined;
    dialogue.abandon();
    if (dialogue.answeredAtMs === undefined) return;
    this.#refusal(userName, 'keyboard-interactive', 'DIALOGUE_ABANDONED');
    this.#countFailure();
  }

  async #answer(turn: Turn, request: AuthRequest): Promise<void> {
    if (this.#isStale(turn)) return;
    turn.startedMs = performance.now();
    const isFirstNone = request.method === 'none' && turn.number === 1;
    if (isFirstNone) return this.#sendFailure(this.#methods);
    if (request.method === 'publickey' && request.signed === undefined)
      return this.#answerQuery(turn, request);
    const verdict = await this.#judge(turn, request);
    if (this.#isStale(turn)) return;
    if (verdict.outcome === 'accepted') return this.#accept(turn, request, verdict.identity);
    if (verdict.outcome === 'change-required') return this.#options.send(passwordChangeReply(verdict.prompt));
    if (verdict.outcome === 'continue') {
      this.#methods = verdict.methods;
      return this.#sendFailure(verdict.methods, true);
    }
    return this.#refuse(turn, verdict.methods);
  }

  /** The client is gone, or has turned to another method meanwhile: nobody waits for this answer. */
  #isStale(turn: Turn): boolean {
    return this.#isDone || this.#options.signal.aborted || turn.number !== this.#requests;
  }

  async #refuse(turn: Turn, methods: readonly AuthMethod[]): Promise<void> {
    this.#methods = methods;
    await paceRefusal(turn.startedMs, MIN_REFUSAL_MS, this.#options.signal);
    this.#countFailure();
    this.#sendFailure(methods);
  }

  /** An error of the authenticator refuses; it never lets anybody in (CVE-2024-5806). */
  async #judge(turn: Turn, request: AuthRequest): Promise<PasswordVerdict<Identity>> {
    try {
      const verdict = await this.#ask(turn, request);
      if (!OUTCOMES.includes(verdict?.outcome)) throw new TypeError('the authenticator gave no verdict');
      return verdict;
    } catch (error) {
      return this.#refusal(turn.userName, recordedMethod(request), 'AUTHENTICATOR_FAILED', error);
    }
  }

  async #ask(turn: Turn, request: AuthRequest): Promise<PasswordVerdict<Identity>> {
    switch (request.method) {
      case 'password':
        return this.#judgePassword(turn.userName, request);
      case 'publickey':
        return this.#judgeSignature(turn.userName, request);
      case 'keyboard-interactive':
        return this.#judgeDialogue(turn);
      default:
        return this.#refused();
    }
  }

  async #judgePassword(userName: string, request: PasswordRequest): Promise<PasswordVerdict<Identity>> {
    const { password, change } = request;
    if (!this.#methods.includes('password')) return this.#refusal(userName, 'password', 'METHOD_NOT_OFFERED');
    const { authenticator } = this.#options;
    // A request to change the password is never taken for a plain login.
    if (change !== undefined && authenticator.changePassword === undefined)
      return this.#refusal(userName, 'password', 'PASSWORD_CHANGE_UNSUPPORTED');
    const newPassword = change === undefined ? password : change.newPassword;
    if (password === undefined || newPassword === undefined)
      return this.#refusal(userName, 'password', 'PASSWORD_NOT_UTF8');
    if (password === '' || newPassword === '') return this.#refusal(userName, 'password', 'PASSWORD_EMPTY');
    const attempt = { ...this.#attempt(userName), password };
    if (change === undefined) return authenticator.password(attempt);
    return authenticator.changePassword?.({ ...attempt, newPassword }) ?? this.#refused();
  }

  async #judgeSignature(userName: string, request: KeyRequest): Promise<AuthVerdict<Identity>> {
    const examined = await this.#examine(userName, request);
    if (examined.outcome === 'unusable' || request.signed === undefined) return this.#refused();
    const refusal = this.#keys.refusalOf(examined, request.signed);
    if (refusal !== undefined) return this.#refusal(userName, 'publickey', refusal);
    const verdict = await this.#options.authenticator.keyProven(examined.attempt);
    if (verdict.outcome !== 'refused') this.#keys.keep(examined);
    return verdict;
  }

  async #judgeDialogue(turn: Turn): Promise<AuthVerdict<Identity>> {
    const { userName, hold } = turn;
    const { authenticator, signal } = this.#options;
    const isOffered = this.#methods.includes('keyboard-interactive');
    if (!isOffered || authenticator.keyboardInteractive === undefined)
      return this.#refusal(userName, 'keyboard-interactive', 'METHOD_NOT_OFFERED');
    const dialogue = new Dialogue({ hold, signal, send: (payload) => this.#options.send(payload) });
    this.#dialogue = dialogue;
    try {
      const verdict = await authenticator.keyboardInteractive({
        userName,
        signal: dialogue.signal,
        prompt: (challenge) => dialogue.ask(challenge),
      });
      // Whoever swallows the error must not turn a broken dialogue into a login.
      return dialogue.failure === undefined ? verdict : this.#brokenDialogue(turn, dialogue.failure);
    } catch (error) {
      if (dialogue.failure === undefined) throw error;
      return this.#brokenDialogue(turn, dialogue.failure);
    } finally {
      dialogue.end();
      hold.resume();
      // What the user thought about is no work of ours.
      turn.startedMs = dialogue.answeredAtMs ?? turn.startedMs;
      if (this.#dialogue === dialogue) this.#dialogue = undefined;
    }
  }

  #brokenDialogue(turn: Turn, failure: NonNullable<Dialogue['failure']>): AuthVerdict<Identity> {
    if (this.#isStale(turn) || failure.code === 'ABANDONED') return this.#refused();
    return this.#refusal(turn.userName, 'keyboard-interactive', 'DIALOGUE_INVALID', failure);
  }

  async #answerQuery(turn: Turn, request: KeyRequest): Promise<void> {
    const { signal } = this.#options;
    const examined = await this.#examine(turn.userName, request).catch((error: unknown) => {
      this.#refusal(turn.userName, 'publickey', 'AUTHENTICATOR_FAILED', error);
      return { outcome: 'unusable' } as const;
    });
    if (this.#isStale(turn)) return;
    if (examined.outcome === 'usable')
      return this.#options.send(keyAcceptedReply(request.algorithm, request.blob));
    await paceRefusal(turn.startedMs, MIN_QUERY_REFUSAL_MS, signal);
    this.#sendFailure(this.#methods);
  }

  async #examine(userName: string, request: KeyRequest) {
    const examined = this.#methods.includes('publickey')
      ? await this.#keys.examine(this.#attempt(userName), request)
      : ({ outcome: 'unusable', refusal: 'METHOD_NOT_OFFERED' } satisfies UnusableKey);
    if (examined.outcome === 'unusable' && examined.refusal !== undefined)
      this.#refusal(userName, 'publickey', examined.refusal, examined.cause);
    return examined;
  }

  #refused(): AuthVerdict<Identity> {
    return { outcome: 'refused', methods: this.#methods };
  }

  /** A refusal of our own, told to the authenticator for the record. */
  #refusal(
    userName: string,
    method: AuthMethod,
    refusal: LayerRefusal,
    cause?: unknown,
  ): AuthVerdict<Identity> {
    this.#options.authenticator.refusedByLayer?.(this.#attempt(userName), method, refusal, cause);
    return this.#refused();
  }

  #attempt(userName: string): AuthAttempt {
    return { userName, signal: this.#options.signal };
  }

  /** The only way to success, whichever step came last: the conditions of every step before it hold here too. */
  #accept(turn: Turn, request: AuthRequest, identity: Identity): Promise<void> | undefined {
    if (!this.#keys.admitsSource) {
      this.#refusal(turn.userName, recordedMethod(request), 'SOURCE_ADDRESS_REFUSED');
      return this.#refuse(turn, this.#methods);
    }
    this.#isDone = true;
    if (this.#options.postAuthenticationBanner !== '')
      this.#options.send(bannerMessage(this.#options.postAuthenticationBanner));
    this.#options.send(successReply());
    // Sending may have ended the connection.
    if (this.#options.signal.aborted) return undefined;
    this.#options.succeed(identity, { isSftpForced: this.#keys.isSftpForced });
    return undefined;
  }

  #countFailure(): void {
    this.#failures++;
    if (this.#failures >= this.#options.maxFailures) {
      throw new SshError('AUTH_TOO_MANY_FAILURES', 'Too many authentication failures');
    }
  }

  #sendFailure(methods: readonly AuthMethod[], isPartialSuccess = false): void {
    this.#options.send(failureReply(methods, isPartialSuccess));
  }
}

/** Of those that can be offered. No other is ever judged. */
function recordedMethod({ method }: AuthRequest): AuthMethod {
  return method === 'none' || method === 'unknown' ? 'password' : method;
}

function assertFew(requests: number): void {
  if (requests > MAX_REQUESTS)
    throw new SshError('AUTH_TOO_MANY_FAILURES', 'Too many authentication requests');
}
