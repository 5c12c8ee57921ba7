/**
 * A user pool that answers as it is told: for challenges, errors and sessions that no emulator has. It speaks JSON 1.1 over
 * HTTP and signs real tokens, so the SDK and the verification of tokens are the ones of production.
 */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';

export const POOL_ID = 'eu-west-1_Scripted1';
export const CLIENT_ID = '1example23456789';
const KEY_ID = 'test-key';

/** A call as it came. */
export interface RecordedCall {
  /** `AdminInitiateAuth`. */
  readonly operation: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly isSigned: boolean;
}

/** May hold what no token should. */
type Claims = Readonly<Record<string, unknown>>;

/** What is answered: a body, or an error with its type. */
export type Reply =
  | { readonly body: unknown }
  | { readonly error: string; readonly message?: string; readonly status?: number }
  /** Never answered. */
  | { readonly isSilent: true };

export class ScriptedCognito implements AsyncDisposable {
  readonly calls: RecordedCall[] = [];
  readonly #replies: Reply[] = [];
  readonly #server = createServer((request, response) => void this.#answer(request, response));
  readonly #keys = generateKeyPair('RS256', { extractable: true });
  keyRequests = 0;

  static async start(): Promise<ScriptedCognito> {
    const cognito = new ScriptedCognito();
    await new Promise<void>((resolve) => cognito.#server.listen(0, '127.0.0.1', resolve));
    return cognito;
  }

  get endpoint(): string {
    const address: string | AddressInfo | null = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the server does not listen');
    return `http://127.0.0.1:${address.port}`;
  }

  get issuer(): string {
    return `https://cognito-idp.eu-west-1.amazonaws.com/${POOL_ID}`;
  }

  /** Appends replies; each call takes one. */
  script(...replies: readonly Reply[]): this {
    this.#replies.push(...replies);
    return this;
  }

  /** The success reply; `claims` are laid over the good ones, `undefined` removes one. */
  async tokens(claims: Claims = {}): Promise<Reply> {
    return this.tokenReply(await this.idToken(claims));
  }

  tokenReply(IdToken: string): Reply {
    const tokens = { AccessToken: 'access', RefreshToken: 'refresh', IdToken, ExpiresIn: 3600 };
    return { body: { AuthenticationResult: { ...tokens, TokenType: 'Bearer' }, ChallengeParameters: {} } };
  }

  async idToken(claims: Claims = {}, signer = this.#keys): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const good: JWTPayload = {
      iss: this.issuer,
      aud: CLIENT_ID,
      sub: 'sub-of-jdoe',
      'cognito:username': 'jdoe',
      token_use: 'id',
      iat: now,
      exp: now + 3600,
    };
    const { privateKey } = await signer;
    const payload: JWTPayload = JSON.parse(JSON.stringify({ ...good, ...claims }));
    return await new SignJWT(payload).setProtectedHeader({ alg: 'RS256', kid: KEY_ID }).sign(privateKey);
  }

  /** Replies that nobody took. */
  get leftOver(): number {
    return this.#replies.length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method === 'GET') return await this.#answerKeys(request, response);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const target = String(request.headers['x-amz-target']);
    const input: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    this.calls.push({
      operation: target.split('.')[1] ?? '',
      input: isMembers(input) ? input : {},
      isSigned: request.headers.authorization !== undefined,
    });
    const reply = this.#replies.shift() ?? { error: 'UnexpectedCall', status: 418 };
    if ('isSilent' in reply) return;
    const { status, body } =
      'body' in reply
        ? { status: 200, body: reply.body }
        : { status: reply.status ?? 400, body: { __type: reply.error, message: reply.message ?? '' } };
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body));
  }

  async #answerKeys(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.keyRequests++;
    const isThere = request.url === `/${POOL_ID}/.well-known/jwks.json`;
    const { publicKey } = await this.#keys;
    const key = { ...(await exportJWK(publicKey)), kid: KEY_ID, alg: 'RS256', use: 'sig' };
    response.writeHead(isThere ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ keys: [key] }));
  }
}

/** A challenge as Cognito asks it. */
export function challenge(
  ChallengeName: string,
  ChallengeParameters: Readonly<Record<string, string>> = {},
  Session = `session of ${ChallengeName}`,
): Reply {
  return { body: { ChallengeName, Session, ChallengeParameters } };
}

function isMembers(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
