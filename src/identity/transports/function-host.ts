/** The process of one local function: loads the module, answers one invocation after the other, ends with the server. */

import { randomUUID } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import { Dialogues, isGenerator } from './function-dialogues.ts';
import {
  type Failure,
  type HostMessage,
  type InvokeMessage,
  MAX_ANSWER_BYTES,
  MAX_SENT_ERROR_CHARACTERS,
  readDialogueState,
} from './function-protocol.ts';
import { openHostChannel } from './host-channel.ts';

type Callback = (error: unknown, answer?: unknown) => void;
type Handler = (event: unknown, context: object, callback: Callback) => unknown;

class AnswerUnusable extends Error {
  readonly failure: Failure;

  constructor(failure: Failure, message: string) {
    super(message);
    this.failure = failure;
  }
}

const { send } = openHostChannel<HostMessage>();
process.on('disconnect', () => process.exit());

const [, , modulePath = '', instanceId = ''] = process.argv;
const dialogues = new Dialogues(instanceId);
try {
  const handler = await loadHandler(modulePath);
  process.on('message', (message: InvokeMessage) => void invoke(handler, message));
  send({ type: 'ready' });
} catch (error) {
  send({ type: 'bad-module', message: errorText(error) });
}

async function loadHandler(path: string): Promise<Handler> {
  const namespace: object = await import(pathToFileURL(path).href);
  // ES module, then CommonJS and `export default { handler }`, whose exports are the default member.
  const handler = memberOf(namespace, 'handler') ?? memberOf(memberOf(namespace, 'default'), 'handler');
  if (!isHandler(handler)) throw new Error('the module exports no function named "handler"');
  return handler;
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

function isHandler(value: unknown): value is Handler {
  return typeof value === 'function';
}

async function invoke(handler: Handler, message: InvokeMessage): Promise<void> {
  const { requestId } = message;
  try {
    send({ type: 'answered', requestId, json: toJson(await answer(handler, message)) });
  } catch (error) {
    const failure = error instanceof AnswerUnusable ? error.failure : 'threw';
    send({ type: 'failed', requestId, failure, message: errorText(error) });
  }
}

/** What the function says to the event, or the generator that it left waiting for this one. */
async function answer(handler: Handler, message: InvokeMessage): Promise<unknown> {
  const open = readDialogueState(message.event.state);
  if (open !== undefined) return dialogues.resume(open.dialogueId, message.event);
  const answered = await run(handler, message);
  return isGenerator(answered) ? dialogues.begin(answered, message.event) : answered;
}

/** Async, promise-returning and callback handlers; whichever way answers first counts, as in Lambda's Node runtime. */
function run(handler: Handler, message: InvokeMessage): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const callback: Callback = (error, answer) =>
    error === null || error === undefined ? resolve(answer) : reject(error);
  const returned = handler(message.event, lambdaContext(message), callback);
  // `resolve(returned)` would follow the promise from here on and be deaf to a callback that comes before it settles.
  if (isThenable(returned)) returned.then(resolve, reject);
  else if (returned !== undefined || handler.length < 3) resolve(returned);
  return promise;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof memberOf(value, 'then') === 'function';
}

/** The context object of Lambda's Node runtime. */
function lambdaContext({ requestId, functionArn, timeoutMs }: InvokeMessage): object {
  const deadlineMs = performance.now() + timeoutMs;
  const { AWS_LAMBDA_FUNCTION_NAME: functionName, AWS_LAMBDA_FUNCTION_VERSION: functionVersion } =
    process.env;
  return {
    functionName,
    functionVersion,
    invokedFunctionArn: functionArn,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    awsRequestId: requestId,
    logGroupName: `/aws/lambda/${functionName}`,
    logStreamName: `local/[${functionVersion}]${randomUUID().replaceAll('-', '')}`,
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, Math.round(deadlineMs - performance.now())),
  };
}

function toJson(answer: unknown): string {
  let json: string | undefined;
  try {
    json = JSON.stringify(answer);
  } catch (error) {
    throw new AnswerUnusable('answer-not-json', errorText(error));
  }
  // `undefined`, a function and a symbol have no JSON; Lambda answers null for them.
  if (json === undefined) return 'null';
  const sizeBytes = Buffer.byteLength(json);
  if (sizeBytes > MAX_ANSWER_BYTES) throw new AnswerUnusable('answer-too-large', `${sizeBytes} bytes`);
  return json;
}

/** Name and message of whatever was thrown. Nothing here may throw again: a thrown object can be anything. */
function errorText(error: unknown): string {
  try {
    const text =
      error instanceof Error ? `${error.name}: ${error.message}` : (JSON.stringify(error) ?? String(error));
    return text.slice(0, MAX_SENT_ERROR_CHARACTERS);
  } catch {
    return 'an error that cannot be shown';
  }
}
