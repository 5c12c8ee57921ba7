/** Serves one command of a client (the `exec` of an SSH session channel) from the session's tree. */

import type { FileSystem } from '../../files/file-system.ts';
import type { VirtualPath } from '../../files/virtual-path.ts';
import type { ByteChannel, ByteChannelHandler } from '../../wire/byte-channel.ts';
import type { HashQueue } from '../hashing/hash-queue.ts';
import { type SftpObserver, SILENT_OBSERVER } from '../observer.ts';
import { requestError } from '../reply.ts';
import { runCommand } from './commands.ts';

/** Exit status when the server itself failed. */
const BROKEN = 255;

export interface CommandServerOptions {
  readonly channel: ByteChannel;
  /** As the client wrote it. Never given to a shell. */
  readonly command: string;
  readonly fileSystem: FileSystem;
  readonly home: VirtualPath;
  readonly hashes: HashQueue;
  readonly observer?: SftpObserver;
}

/**
 * Life: construct, which begins → output → exit status. Output needs no flow control: it is bounded by the length of
 * the command line. Input is taken as it comes, or dropped where the command reads none.
 */
export class CommandServer implements ByteChannelHandler {
  readonly #channel: ByteChannel;
  readonly #observer: SftpObserver;
  readonly #abort = new AbortController();
  readonly #inputEnd = Promise.withResolvers<void>();
  #consume: (view: Uint8Array) => void = () => {};

  constructor(options: CommandServerOptions) {
    this.#channel = options.channel;
    this.#observer = options.observer ?? SILENT_OBSERVER;
    void this.#run(options);
  }

  onData(view: Buffer): void {
    this.#consume(view);
    this.#channel.credit(view.length);
  }

  onEnd(): void {
    this.#inputEnd.resolve();
  }

  onDrain(): void {}

  onClose(): void {
    this.#abort.abort();
    this.#inputEnd.resolve();
  }

  async #run({ command, fileSystem, home, hashes }: CommandServerOptions): Promise<void> {
    // The carrier says that the command was accepted before it is given any output.
    const accepted = Promise.resolve();
    const status = await runCommand(command, {
      fileSystem,
      home,
      hashes,
      observer: this.#observer,
      signal: this.#abort.signal,
      readInput: (consume) => {
        this.#consume = consume;
        return this.#inputEnd.promise;
      },
      write: (text) => accepted.then(() => this.#write(text)),
      writeError: (line) => accepted.then(() => this.#writeError(line)),
    }).catch((error: unknown) => {
      this.#observer.refused({ operation: 'EXEC', error: requestError(error) });
      return BROKEN;
    });
    if (!this.#abort.signal.aborted) this.#channel.finish(status);
  }

  #write(text: string): void {
    if (!this.#abort.signal.aborted) this.#channel.send([Buffer.from(text)]);
  }

  #writeError(line: string): void {
    if (!this.#abort.signal.aborted) this.#channel.sendError(`${line}\n`);
  }
}
