/**
 * cognito-local in this process, behind a front that answers as Cognito does where the emulator does not: a wrong password has
 * the error of Cognito and is judged before a new one is asked for; disabled users and wrong secret hashes are refused; and the
 * signed calls have second factors, as the public ones have.
 */

import { createHmac } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DefaultConfig } from 'cognito-local/lib/server/config.js';
import { Router } from 'cognito-local/lib/server/Router.js';
import { DateClock } from 'cognito-local/lib/services/clock.js';
import { type CognitoService, CognitoServiceFactoryImpl } from 'cognito-local/lib/services/cognitoService.js';
import type { Context } from 'cognito-local/lib/services/context.js';
import { StormDBDataStoreFactory } from 'cognito-local/lib/services/dataStore/stormDb.js';
import type { LogService } from 'cognito-local/lib/services/LogService.js';
import { JwtTokenGenerator } from 'cognito-local/lib/services/tokenGenerator.js';
import type { Triggers } from 'cognito-local/lib/services/triggers/triggers.js';
import { UserPoolServiceFactoryImpl } from 'cognito-local/lib/services/userPoolService.js';
import { z } from 'zod';

/** Of the issuer in tokens; nothing listens there. */
const ISSUER_DOMAIN = 'http://cognito.invalid';

const nothing = () => undefined;
const silent: LogService = {
  child: () => silent,
  debug: nothing,
  error: nothing,
  info: nothing,
  warn: nothing,
};
const context: Context = { logger: silent };

/** Stated by the emulator with its error class. */
const failure = z.looseObject({ code: z.string(), message: z.string() });

const call = z.looseObject({
  ClientId: z.string(),
  AuthFlow: z.string().optional(),
  AuthParameters: z.record(z.string(), z.string()).optional(),
  ChallengeResponses: z.record(z.string(), z.string()).optional(),
});
type Call = z.output<typeof call>;

const PUBLIC_CALLS: ReadonlyMap<string, string> = new Map([
  ['AdminInitiateAuth', 'InitiateAuth'],
  ['AdminRespondToAuthChallenge', 'RespondToAuthChallenge'],
]);

class CognitoError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

const WRONG_PASSWORD = ['NotAuthorizedException', 'Incorrect username or password.'] as const;

type Route = (context: Context, body: unknown) => Promise<unknown>;

export class LocalCognito implements AsyncDisposable {
  /** Codes of text messages, the newest last. */
  readonly sentCodes: string[] = [];
  readonly #folder: string;
  readonly #cognito: CognitoService;
  readonly #route: (target: string) => Route;
  readonly #server = createServer((request, response) => void this.#answer(request, response));

  static async start(): Promise<LocalCognito> {
    const folder = await mkdtemp(path.join(tmpdir(), 'drawbridge-cognito-'));
    const clock = new DateClock();
    const stores = new StormDBDataStoreFactory(folder);
    const pools = new UserPoolServiceFactoryImpl(clock, stores);
    const factory = new CognitoServiceFactoryImpl(folder, stores, pools);
    const cognito = await factory.create(context, { UsernameAttributes: [] });
    const local = new LocalCognito(folder, cognito, clock);
    await new Promise<void>((resolve) => local.#server.listen(0, '127.0.0.1', resolve));
    return local;
  }

  private constructor(folder: string, cognito: CognitoService, clock: DateClock) {
    this.#folder = folder;
    this.#cognito = cognito;
    const triggers = noTriggers();
    this.#route = Router({
      clock,
      cognito,
      config: DefaultConfig,
      messages: {
        deliver: async (...[, , , , , code]) => {
          this.sentCodes.push(code);
        },
      },
      otp: () => String(100_000 + this.sentCodes.length),
      tokenGenerator: new JwtTokenGenerator(clock, triggers, { IssuerDomain: ISSUER_DOMAIN }),
      triggers,
    });
  }

  get endpoint(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the server does not listen');
    return `http://127.0.0.1:${address.port}`;
  }

  issuerOf(poolId: string): string {
    return `${ISSUER_DOMAIN}/${poolId}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    await rm(this.#folder, { recursive: true });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method === 'GET') return void response.end(await signingKeys());
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const operation = String(request.headers['x-amz-target']).split('.')[1] ?? '';
    response.setHeader('content-type', 'application/x-amz-json-1.1');
    try {
      const body: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
      const result = await this.#call(operation, body);
      response.end(JSON.stringify(result, secondsOfDates));
    } catch (error) {
      const known = failure.safeParse(error).data ?? {
        code: 'InternalErrorException',
        message: String(error),
      };
      const [type, message] =
        known.code === 'InvalidPasswordException' ? WRONG_PASSWORD : [known.code, known.message];
      const status = known.code === 'InternalErrorException' ? 500 : 400;
      response.writeHead(status).end(JSON.stringify({ __type: type, message }));
    }
  }

  async #call(operation: string, body: unknown): Promise<unknown> {
    const publicOperation = PUBLIC_CALLS.get(operation) ?? operation;
    if (!['InitiateAuth', 'RespondToAuthChallenge'].includes(publicOperation))
      return await this.#route(operation)(context, body);
    const known = call.parse(body);
    await this.#judge(known);
    const AuthFlow = known.AuthFlow?.replace(/^ADMIN_/, '');
    return await this.#route(publicOperation)(context, { ...known, AuthFlow });
  }

  /** What the emulator leaves undone before it asks anything. */
  async #judge({ ClientId, AuthParameters, ChallengeResponses }: Call): Promise<void> {
    const client = await this.#cognito.getAppClient(context, ClientId);
    const { USERNAME = '', SECRET_HASH } = AuthParameters ?? ChallengeResponses ?? {};
    const secret = client?.ClientSecret;
    const hash = secret && createHmac('sha256', secret).update(`${USERNAME}${ClientId}`).digest('base64');
    if (hash !== undefined && SECRET_HASH !== hash)
      throw new CognitoError('NotAuthorizedException', `Unable to verify secret hash for client ${ClientId}`);
    const pool = await this.#cognito.getUserPoolForClientId(context, ClientId);
    const user = await pool.getUserByUsername(context, USERNAME);
    if (AuthParameters !== undefined && user?.Password !== AuthParameters.PASSWORD)
      throw new CognitoError(...WRONG_PASSWORD);
    if (user?.Enabled === false) throw new CognitoError('NotAuthorizedException', 'User is disabled.');
  }
}

function noTriggers(): Triggers {
  const unused = () => Promise.reject(new Error('there are no triggers'));
  return {
    enabled: () => false,
    customMessage: unused,
    customEmailSender: unused,
    postAuthentication: unused,
    postConfirmation: unused,
    preSignUp: unused,
    preTokenGeneration: unused,
    userMigration: unused,
  };
}

async function signingKeys(): Promise<string> {
  const file = createRequire(import.meta.url).resolve('cognito-local/lib/keys/cognitoLocal.public.json');
  const { jwk } = z.object({ jwk: z.unknown() }).parse(JSON.parse(await readFile(file, 'utf8')));
  return JSON.stringify({ keys: [jwk] });
}

/** Dates are seconds in JSON 1.1; JSON.stringify turns them into text before a replacer sees them. */
function secondsOfDates(this: unknown, key: string, value: unknown): unknown {
  const raw: unknown = typeof this === 'object' && this !== null ? Reflect.get(this, key) : undefined;
  return raw instanceof Date ? Math.floor(raw.getTime() / 1000) : value;
}
