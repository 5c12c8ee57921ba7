/** The connections to one S3 endpoint: kept alive, bounded in number, shared by all clients of a storage. */

import { type AgentOptions, Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Duplex } from 'node:stream';
import { NodeHttpHandler } from '@smithy/node-http-handler';

/** To the endpoint at a time. A download that waits for its client holds one, so it is far more than a node needs. */
const MAX_SOCKETS = 1024;
/** Idle ones that are kept for the next request. */
const MAX_IDLE_SOCKETS = 64;
/** TCP and TLS together. */
const CONNECT_TIMEOUT_MS = 10_000;

const AGENT_OPTIONS: AgentOptions = {
  keepAlive: true,
  maxSockets: MAX_SOCKETS,
  maxFreeSockets: MAX_IDLE_SOCKETS,
  scheduling: 'lifo',
};

/** What S3 clients take as `requestHandler`. */
export type RequestHandler = Pick<
  NodeHttpHandler,
  'handle' | 'metadata' | 'updateHttpClientConfig' | 'httpHandlerConfigs'
>;

/** Life: construct (no side effects) → use → `close`. */
export class Connections {
  /** A client that is destroyed destroys its handler; this one has no `destroy`, because others use it too. */
  readonly handler: RequestHandler;
  readonly #agents: readonly [HttpAgent, HttpsAgent];

  constructor() {
    this.#agents = [new TimedHttpAgent(AGENT_OPTIONS), new TimedHttpsAgent(AGENT_OPTIONS)];
    const [httpAgent, httpsAgent] = this.#agents;
    // Time-outs are ours (`ProgressWatch`): the handler's count the wait of a slow consumer too.
    const handler = new NodeHttpHandler({ httpAgent, httpsAgent, logger: SILENT });
    this.handler = {
      metadata: handler.metadata,
      handle: (request, options) => handler.handle(request, options),
      updateHttpClientConfig: (key, value) => handler.updateHttpClientConfig(key, value),
      httpHandlerConfigs: () => handler.httpHandlerConfigs(),
    };
  }

  close(): void {
    for (const agent of this.#agents) agent.destroy();
  }
}

const ignore = (): void => undefined;
/** The SDK writes its warnings to the console otherwise. */
export const SILENT = { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore };

class TimedHttpAgent extends HttpAgent {
  override createConnection(
    ...parameters: Parameters<HttpAgent['createConnection']>
  ): Duplex | null | undefined {
    return giveUpLate(super.createConnection(...parameters), 'connect');
  }
}

class TimedHttpsAgent extends HttpsAgent {
  override createConnection(
    ...parameters: Parameters<HttpsAgent['createConnection']>
  ): Duplex | null | undefined {
    return giveUpLate(super.createConnection(...parameters), 'secureConnect');
  }
}

function giveUpLate<S extends Duplex | null | undefined>(socket: S, ready: 'connect' | 'secureConnect'): S {
  if (socket === null || socket === undefined) return socket;
  const timer = setTimeout(() => {
    socket.destroy(Object.assign(new Error('no connection in time'), { code: 'ETIMEDOUT' }));
  }, CONNECT_TIMEOUT_MS).unref();
  const stop = () => clearTimeout(timer);
  socket.once(ready, stop);
  socket.once('close', stop);
  return socket;
}
