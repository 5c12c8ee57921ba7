/** What stands behind a provider and repeats everything it is told, in answers, errors, redirects and pages (tests only). */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { inspect } from 'node:util';

interface Asked {
  readonly request: IncomingMessage;
  readonly body: string;
  readonly response: ServerResponse;
  /** All of the request in the forms in which programs print such things. */
  readonly echo: string;
}

/** By a part of the user's name. */
const BEHAVIOURS: Readonly<Record<string, (asked: Asked) => void>> = {
  fails: ({ response, echo }) => response.writeHead(500, { 'x-echo': encodeURIComponent(echo) }).end(echo),
  page: ({ response, echo }) =>
    response.writeHead(200, { 'content-type': 'text/html' }).end(`<html><body>${echo}</body></html>`),
  redirects: ({ response, echo }) =>
    response.writeHead(302, { location: `/elsewhere?was=${encodeURIComponent(echo)}` }).end(echo),
  hangs: () => undefined,
  breaks: ({ response, echo }) => {
    response.writeHead(200, { 'content-length': 1_000_000 }).write(echo);
    setTimeout(() => response.destroy(), 50).unref();
  },
  stalls: ({ response, echo }) => {
    response.writeHead(200, { 'content-length': 1_000_000 }).write(echo);
  },
  forbids: ({ response, echo }) =>
    response
      .writeHead(403, { 'x-amzn-errortype': 'AccessDeniedException' })
      .end(
        JSON.stringify({ errorCode: echo, errorSummary: echo, message: echo, Message: echo, error: echo }),
      ),
  refuses: ({ response, echo }) =>
    response.writeHead(401).end(JSON.stringify({ errorCode: 'E0000004', errorSummary: echo, error: echo })),
  throttles: ({ response, echo }) =>
    response
      .writeHead(429, { 'x-amzn-errortype': 'TooManyRequestsException' })
      .end(JSON.stringify({ errorCode: 'E0000047', Reason: echo, message: echo })),
  answers: ({ response, echo }) => response.end(JSON.stringify({ Role: echo, status: echo, result: echo })),
  throws: ({ response, echo }) =>
    response
      .writeHead(200, { 'x-amz-function-error': 'Unhandled' })
      .end(JSON.stringify({ errorType: 'KeyError', errorMessage: echo, trace: [echo] })),
  /** Keeps the password over a dialogue in a form that only it knows, and fails when the code comes. */
  remembers: ({ response, body }) => {
    const event = JSON.parse(body === '' ? '{}' : body);
    if (event.challengeAnswers === undefined) {
      const State = [...(event.password ?? 'none')].reverse().join('\t');
      response.end(JSON.stringify({ Challenge: { Prompts: [{ Text: 'Code: ' }] }, State }));
      return;
    }
    const password = event.state.split('\t').reverse().join('');
    const errorMessage = `not the code of ${password} but ${event.challengeAnswers[0]}`;
    response
      .writeHead(200, { 'x-amz-function-error': 'Unhandled' })
      .end(JSON.stringify({ errorType: 'Error', errorMessage }));
  },
};

export class EchoingUpstream implements AsyncDisposable {
  readonly #server: Server;
  /** What was done, request by request. */
  readonly behaved: string[] = [];

  constructor() {
    this.#server = createServer(async (request, response) => {
      const body = (await request.toArray()).join('');
      const subject = decodeURIComponent(request.url ?? '') + body;
      const name = Object.keys(BEHAVIOURS).find((each) => subject.includes(each));
      // Started up by a check, not by a login.
      if (name === undefined) return response.writeHead(204).end();
      this.behaved.push(name);
      return BEHAVIOURS[name]?.({ request, body, response, echo: echoOf(request, body) });
    });
  }

  /** Resolves to the URL. */
  listen(): Promise<string> {
    const { promise, resolve } = Promise.withResolvers<string>();
    this.#server.listen(0, '127.0.0.1', () => {
      const address = this.#server.address();
      if (typeof address === 'object' && address !== null) resolve(`http://127.0.0.1:${address.port}`);
    });
    return promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

function echoOf({ url, headers }: IncomingMessage, body: string): string {
  const plain = Buffer.from(String(headers.passwordbase64 ?? ''), 'base64').toString();
  return [
    plain,
    body,
    JSON.stringify({ url, headers, body }),
    inspect({ url, headers, body }),
    Buffer.from(body).toString('base64'),
    Buffer.from(`user:${plain}`).toString('base64url'),
    encodeURIComponent(body),
  ].join(' ');
}
