/** As much of Secrets Manager as a look-up needs, with faults on demand. */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { z } from 'zod';

export interface StoredSecret {
  readonly SecretString?: string;
  /** Base64 of the bytes, as on the wire. */
  readonly SecretBinary?: string;
  /** Seconds since 1970. */
  readonly CreatedDate?: number;
}

const request = z.looseObject({ SecretId: z.string(), VersionStage: z.string().default('AWSCURRENT') });

export class SecretsServer implements AsyncDisposable {
  /** Values by name; those of another stage by `name AWSPREVIOUS`. */
  readonly secrets = new Map<string, StoredSecret>();
  /** Types of errors by the name of the secret. */
  readonly errors = new Map<string, string>();
  /** Names of the secrets that were asked for. */
  readonly asked: string[] = [];
  /** Requests are taken and never answered. */
  isSilent = false;
  readonly #server = createServer((incoming, outgoing) => {
    this.#answer(incoming, outgoing).catch(() => outgoing.destroy());
  });

  static async start(): Promise<SecretsServer> {
    const server = new SecretsServer();
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get endpoint(): string {
    const address = this.#server.address();
    if (typeof address !== 'object' || address === null) throw new Error('the server does not listen');
    return `http://127.0.0.1:${address.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { SecretId, VersionStage } = request.parse(JSON.parse(await textOf(incoming)));
    const key = VersionStage === 'AWSCURRENT' ? SecretId : `${SecretId} ${VersionStage}`;
    this.asked.push(key);
    if (this.isSilent) return;
    const secret = this.secrets.get(key);
    const error = this.errors.get(key) ?? (secret === undefined ? 'ResourceNotFoundException' : undefined);
    outgoing.writeHead(error === undefined ? 200 : 400, { 'content-type': 'application/x-amz-json-1.1' });
    const answer = { Name: SecretId, VersionStages: [VersionStage], ...secret };
    outgoing.end(JSON.stringify(error === undefined ? answer : { __type: error, message: SecretId }));
  }
}

async function textOf(incoming: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of incoming) parts.push(part);
  return Buffer.concat(parts).toString('utf8');
}
