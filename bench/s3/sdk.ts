/** The AWS SDK without a server between: the measure of the suite. Its program runs all the time, as servers do. */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { cleanEnvironment } from '../../test/interop/lab/environment.ts';
import { type Competitor, type Entrant, type Start, USER_NAME } from '../competitor.ts';
import { ProcessTree } from '../process-tree.ts';
import { makeFolder, openStore, type S3Contestant, type S3Row, type Store } from './contestant.ts';
import type { Mover } from './mover.ts';
import { Answer, type Bucket, type Order } from './sdk-protocol.ts';

const PROGRAM = fileURLToPath(new URL('sdk-program.ts', import.meta.url));
const PACKAGE_FILE = new URL('../../node_modules/@aws-sdk/client-s3/package.json', import.meta.url);
const Package = z.object({ version: z.string() });

export const sdkCompetitor: Competitor<S3Contestant, S3Row> = {
  name: 'AWS SDK',
  whyAbsent: () => Promise.resolve(undefined),
  enter,
};

async function enter(row: S3Row, start: Start): Promise<Entrant<S3Contestant>> {
  await using running = new AsyncDisposableStack();
  const store = await openStore(row, start, running);
  const mover = running.use(new SdkMover(store, start.root));
  const { version } = Package.parse(JSON.parse(await readFile(PACKAGE_FILE, 'utf8')));
  const contestant: S3Contestant = {
    mover,
    tree: new ProcessTree(mover.processId),
    store,
    clientFolder: await makeFolder(start.root, 'client'),
    signal: start.signal,
  };
  const owned = running.move();
  return {
    contestant,
    version: `@aws-sdk/client-s3 ${version}`,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

type Work = Order extends infer O ? (O extends Order ? Omit<O, 'id'> : never) : never;

class SdkMover implements Mover, AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, PromiseWithResolvers<Answer>>();
  #nextId = 1;

  constructor({ server }: Store, folder: string) {
    this.#child = fork(PROGRAM, {
      env: cleanEnvironment(folder),
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#child.on('message', (message) => this.#answered(Answer.parse(message)));
    this.#child.once('exit', () => {
      for (const waiting of this.#waiting.values())
        waiting.reject(new Error('the program with the SDK ended'));
    });
    const { endpoint, region, bucket, credentials } = server;
    this.#child.send({ endpoint, region, bucket, ...credentials } satisfies Bucket);
  }

  get processId(): number {
    const { pid } = this.#child;
    if (pid === undefined) throw new Error('the program with the SDK did not start');
    return pid;
  }

  async put(local: string, name: string): Promise<number> {
    return (await this.#order({ action: 'put', local, key: keyOf(name) })).seconds;
  }

  async get(name: string, local: string): Promise<number> {
    return (await this.#order({ action: 'get', local, key: keyOf(name) })).seconds;
  }

  async list(name: string) {
    const { answer, seconds } = await this.#order({ action: 'list', prefix: `${keyOf(name)}/` });
    return { seconds, firstSeconds: answer.firstSeconds ?? 0, entries: answer.entries ?? 0 };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }

  async #order(work: Work): Promise<{ readonly answer: Answer; readonly seconds: number }> {
    const id = this.#nextId++;
    const waiting = Promise.withResolvers<Answer>();
    this.#waiting.set(id, waiting);
    const startedMs = performance.now();
    this.#child.send({ id, ...work });
    const answer = await waiting.promise;
    const seconds = (performance.now() - startedMs) / 1000;
    if (answer.error !== undefined) throw new Error(answer.error);
    return { answer, seconds };
  }

  #answered(answer: Answer): void {
    this.#waiting.get(answer.id)?.resolve(answer);
    this.#waiting.delete(answer.id);
  }
}

function keyOf(name: string): string {
  return `${USER_NAME}/${name}`;
}
