/** Asks a function on AWS Lambda, or at an endpoint that speaks Lambda's API. */

import type { FunctionArn } from '../function-arn.ts';
import { type AuthenticateOptions, IdentityError, type IdentityProvider } from '../provider.ts';
import type { IdentityRequest } from '../request.ts';
import type { Credentials } from './credentials.ts';
import { DEFAULT_TIMEOUT_MS } from './function-settings.ts';
import type { Invoked, LambdaCalls } from './lambda-client.ts';
import { functionError, invocationError } from './lambda-failure.ts';
import { RemoteCalls } from './remote-calls.ts';

export interface LambdaFunctionSettings {
  readonly functionArn: FunctionArn;
  /** Longest time for one answer. Default 10 s. */
  readonly timeoutMs?: number;
  /** Endpoint of the Lambda service, where it is not the one of AWS. */
  readonly endpoint?: string;
  /** By default the usual chain: environment, profile, container, instance. */
  readonly credentials?: Credentials;
}

export class LambdaFunction implements IdentityProvider {
  readonly #settings: LambdaFunctionSettings;
  readonly #calls: RemoteCalls;
  #client: Promise<LambdaCalls> | undefined;

  constructor(settings: LambdaFunctionSettings) {
    this.#settings = settings;
    this.#calls = new RemoteCalls(settings.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  }

  /** That the function exists and that the credentials may invoke it. It is not invoked: every invocation is a login. */
  async check(): Promise<void> {
    const { arn } = this.#settings.functionArn;
    const check = async (signal: AbortSignal) => (await this.#connected()).dryRun(arn, signal);
    await this.#calls.run(new AbortController().signal, check, invocationError);
  }

  async authenticate(request: IdentityRequest, { signal }: AuthenticateOptions): Promise<unknown> {
    const { arn } = this.#settings.functionArn;
    const invoke = async (limit: AbortSignal) =>
      (await this.#connected()).invoke(arn, request.event(), limit);
    const { payload, isError }: Invoked = await this.#calls.run(signal, invoke, invocationError);
    if (isError) throw functionError(payload, request.scrubber());
    return parse(payload);
  }

  async close(): Promise<void> {
    this.#calls.close();
    (await this.#client?.catch(() => undefined))?.close();
  }

  /** The SDK is loaded where a function is on AWS, and not by everybody else. */
  #connected(): Promise<LambdaCalls> {
    this.#client ??= this.#connect();
    return this.#client;
  }

  async #connect(): Promise<LambdaCalls> {
    const { LambdaCalls: Calls } = await import('./lambda-client.ts');
    const { functionArn, endpoint, credentials } = this.#settings;
    return new Calls({
      region: functionArn.region,
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(credentials === undefined ? {} : { credentials }),
    });
  }
}

/** A function that returns nothing has no payload; Lambda's runtimes answer `null` then. */
function parse(payload: string): unknown {
  if (payload === '') return null;
  try {
    return JSON.parse(payload);
  } catch {
    throw new IdentityError('ANSWER_NOT_JSON', 'the answer is not JSON');
  }
}
