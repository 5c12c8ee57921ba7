/** One handler in every form in which it can be asked (tests only). */

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseFunctionArn } from '../function-arn.ts';
import { LambdaHandler } from '../lambda-handler.ts';
import type { IdentityProvider } from '../provider.ts';
import { Access } from '../serve/access.ts';
import { MethodServer } from '../serve/method-server.ts';
import { BuiltInProcess } from '../transports/built-in-process.ts';
import { HttpMethod } from '../transports/http-method.ts';
import { LambdaFunction } from '../transports/lambda-function.ts';
import { LocalFunction } from '../transports/local-function.ts';
import { type InvokedHandler, InvokeEndpoint } from './invoke-endpoint.ts';

const ARN = 'arn:aws:lambda:eu-west-3:000000000000:function:contract';

/** The forms by their names; all end with the stack they are in. */
export type Forms = Readonly<Record<string, IdentityProvider>>;

/** A module: beside the server, on Lambda, and behind HTTP. */
export async function moduleForms(stack: AsyncDisposableStack, source: string): Promise<Forms> {
  const folder = await temporaryFolder(stack);
  const modulePath = join(folder, 'function.mjs');
  await writeFile(modulePath, source);
  const embedded = closing(stack, new LocalFunction({ functionArn: arn(), modulePath, onLine: () => {} }));
  const module: object = await import(pathToFileURL(modulePath).href);
  const handler: unknown = Reflect.get(module, 'handler');
  assert.ok(isHandler(handler));
  return { embedded, lambda: await onLambda(stack, handler), http: await behindHttp(stack, embedded) };
}

/** A built-in provider: the same, and behind an API Gateway that hands proxy events to Lambda. */
export async function builtInForms(
  stack: AsyncDisposableStack,
  configuration: object,
  files: Readonly<Record<string, string>>,
): Promise<Forms> {
  const folder = await temporaryFolder(stack);
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  const settings = { functionArn: arn(), configuration, folder, onLine: () => {} };
  const embedded = closing(stack, new BuiltInProcess(settings));
  const environment = {
    DRAWBRIDGE_IDENTITY: JSON.stringify(configuration),
    LAMBDA_TASK_ROOT: folder,
    AWS_REGION: 'eu-west-3',
  };
  const entry = new LambdaHandler({ environment, log: () => {} });
  return {
    embedded,
    lambda: await onLambda(stack, (event, context) => entry.handle(event, context)),
    http: await behindHttp(stack, embedded),
    gateway: await behindGateway(stack, entry),
  };
}

async function onLambda(stack: AsyncDisposableStack, handler: InvokedHandler): Promise<IdentityProvider> {
  const endpoint = stack.use(new InvokeEndpoint(handler));
  const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 's3cret' };
  const settings = { functionArn: arn(), endpoint: await endpoint.listen(), credentials };
  return closing(stack, new LambdaFunction(settings));
}

async function behindHttp(
  stack: AsyncDisposableStack,
  provider: IdentityProvider,
): Promise<IdentityProvider> {
  const access = new Access({ apiKeys: [], signingKeys: [] });
  const server = new MethodServer({ provider, access, onServed: () => {} });
  stack.defer(() => server.stop());
  const { port } = await server.listen('127.0.0.1', 0);
  return closing(stack, new HttpMethod({ url: `http://127.0.0.1:${port}` }));
}

/** As a REST API with a proxy integration makes events: the path as the client encoded it. */
async function behindGateway(stack: AsyncDisposableStack, entry: LambdaHandler): Promise<IdentityProvider> {
  const server = createServer(async (request, response) => {
    const body = (await request.toArray()).join('');
    const url = new URL(request.url ?? '', 'http://gateway');
    const event = {
      httpMethod: request.method,
      path: url.pathname,
      queryStringParameters: Object.fromEntries(url.searchParams),
      headers: request.headers,
      body: body === '' ? null : body,
      isBase64Encoded: false,
    };
    const context = { awsRequestId: 'request', getRemainingTimeInMillis: () => 10_000 };
    const answer = Object(await entry.handle(event, context));
    response.writeHead(answer.statusCode, answer.headers).end(answer.body);
  });
  const listening = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', listening.resolve);
  await listening.promise;
  stack.defer(() => {
    server.close();
    server.closeAllConnections();
  });
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  return closing(stack, new HttpMethod({ url: `http://127.0.0.1:${address.port}/prod` }));
}

async function temporaryFolder(stack: AsyncDisposableStack): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'drawbridge-contract-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

function closing<Provider extends IdentityProvider>(
  stack: AsyncDisposableStack,
  provider: Provider,
): Provider {
  stack.defer(() => provider.close());
  return provider;
}

function arn() {
  const parsed = parseFunctionArn(ARN);
  assert.ok(parsed);
  return parsed;
}

function isHandler(value: unknown): value is InvokedHandler {
  return typeof value === 'function';
}
