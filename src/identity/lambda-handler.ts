/** A built-in provider as a function of AWS Lambda: invoked by a server, or by an API Gateway in front. */

import { z } from 'zod';
import { type Decision, IdentityFault } from './decision.ts';
import { type Environment, readConfiguration } from './environment.ts';
import { BuiltInFunction } from './handler.ts';
import { isProxyEvent, lambdaEventOf } from './pipeline/proxy-event.ts';
import { HEADERS } from './transports/method-protocol.ts';

/** What is used of the context that Lambda gives. */
export interface LambdaContext {
  readonly awsRequestId: string;
  getRemainingTimeInMillis(): number;
}

/** The part of a built-in function that is used here. */
export type Handling = Pick<BuiltInFunction, 'handle'>;

export interface LambdaHandlerSettings {
  readonly environment: Environment;
  /** Receives one line of JSON for each login, without anything secret. */
  readonly log: (line: string) => void;
  /** By default the function that the environment configures. */
  readonly open?: () => Promise<Handling>;
}

interface ProxyAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

interface Outcome {
  readonly answer?: object;
  readonly fault?: IdentityFault;
  readonly decision: Decision | undefined;
}

/** What of an event is logged. A name that nobody can have may be a password, typed into the wrong field. */
const loggedEvent = z.looseObject({
  username: z
    .string()
    .regex(/^\w[\w@.-]{2,99}$/)
    .catch('?'),
  serverId: z.string().max(64).catch('?'),
  protocol: z.string().max(8).catch('?'),
  sourceIp: z.string().max(64).catch('?'),
});

/** One for each container; it opens the function when the first event comes. */
export class LambdaHandler {
  readonly #settings: LambdaHandlerSettings;
  #function: Promise<Handling> | undefined;

  constructor(settings: LambdaHandlerSettings) {
    this.#settings = settings;
  }

  /** @throws an error for Lambda where nobody can tell: its name ends in the code of the fault */
  async handle(event: unknown, context: LambdaContext): Promise<object> {
    const startMs = performance.now();
    const isProxy = isProxyEvent(event);
    const { answer, fault, decision } = await this.#ask(event, context);
    this.#log(event, decision, { requestId: context.awsRequestId, startMs });
    if (isProxy) return proxyAnswer(answer, fault, decision);
    if (answer !== undefined) return answer;
    throw lambdaError(fault ?? new IdentityFault('INTERNAL_ERROR'));
  }

  async #ask(event: unknown, context: LambdaContext): Promise<Outcome> {
    let decision: Decision | undefined;
    const onDecision = (made: Decision) => {
      decision = made;
    };
    try {
      const opened = await this.#opened();
      const remainingMs = context.getRemainingTimeInMillis();
      const answer = await opened.handle(event, { remainingMs, onDecision });
      return { answer, decision };
    } catch (error) {
      const fault = error instanceof IdentityFault ? error : new IdentityFault('INTERNAL_ERROR');
      return { fault, decision: decision ?? { code: fault.code, message: fault.message } };
    }
  }

  /** A failure is forgotten: a file may be mounted late. */
  async #opened(): Promise<Handling> {
    const { open = () => this.#openConfigured() } = this.#settings;
    const opening = this.#function ?? open();
    this.#function = opening;
    try {
      return await opening;
    } catch (error) {
      if (this.#function === opening) this.#function = undefined;
      throw error;
    }
  }

  async #openConfigured(): Promise<Handling> {
    const { environment, log } = this.#settings;
    const configuration = await readConfiguration(environment);
    return new BuiltInFunction(configuration, {
      region: environment.AWS_REGION ?? 'us-east-1',
      folder: environment.LAMBDA_TASK_ROOT ?? process.cwd(),
      now: Date.now,
      warn: (message) => log(JSON.stringify({ level: 'warn', message })),
    });
  }

  #log(
    event: unknown,
    decision: Decision | undefined,
    { requestId, startMs }: { readonly requestId: string; readonly startMs: number },
  ): void {
    const { username, serverId, protocol, sourceIp } = loggedOf(event);
    const durationMs = Math.round(performance.now() - startMs);
    const fields = { requestId, 'server-id': serverId, user: username, protocol, 'source-ip': sourceIp };
    this.#settings.log(JSON.stringify({ level: 'info', ...fields, ...decision, durationMs }));
  }
}

function loggedOf(event: unknown): z.output<typeof loggedEvent> {
  try {
    return loggedEvent.parse(lambdaEventOf(event));
  } catch {
    return loggedEvent.parse({});
  }
}

function proxyAnswer(
  answer: object | undefined,
  fault: IdentityFault | undefined,
  decision: Decision | undefined,
): ProxyAnswer {
  const headers = {
    'Content-Type': 'application/json',
    'Cache-Control': 'no-store',
    ...(decision === undefined ? {} : { [HEADERS.decision]: decision.code }),
  };
  if (answer !== undefined) return { statusCode: 200, headers, body: JSON.stringify(answer) };
  const statusCode = statusOf(fault);
  return { statusCode, headers, body: JSON.stringify({ message: MESSAGES[statusCode] }) };
}

const MESSAGES = { 400: 'Bad request', 500: 'Internal server error', 503: 'Service unavailable' } as const;

function statusOf(fault: IdentityFault | undefined): keyof typeof MESSAGES {
  if (fault?.code === 'EVENT_INVALID') return 400;
  return fault?.code.startsWith('UPSTREAM_') === true || fault?.code === 'OVERLOADED' ? 503 : 500;
}

/** Lambda reports the name of an error as `errorType`. */
function lambdaError(fault: IdentityFault): Error {
  const error = new Error(fault.message);
  error.name = `IdentityFault.${fault.code}`;
  return error;
}
