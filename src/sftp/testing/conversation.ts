/** A client and a server on one in-memory channel, over files in memory, for tests. */

import assert from 'node:assert/strict';
import type { FileSystem } from '../../files/file-system.ts';
import { virtualPath } from '../../files/virtual-path.ts';
import type { SftpLimits } from '../limits.ts';
import type {
  FileClosed,
  FileHashed,
  FileOpened,
  OperationRefused,
  SftpObserver,
  TreeChanged,
} from '../observer.ts';
import { OpenFlag } from '../protocol.ts';
import { SftpServer, type SftpServerOptions } from '../server.ts';
import { MemoryChannel } from './memory-channel.ts';
import { SftpClient } from './sftp-client.ts';
import { StagedFileSystem } from './staged-file-system.ts';

export const WRITE_NEW = OpenFlag.WRITE | OpenFlag.CREATE | OpenFlag.TRUNCATE;
/** Well below what one packet holds. */
const STORED_PIECE_BYTES = 200_000;

/** Keeps every fact it is told. */
export class RecordingObserver implements SftpObserver {
  readonly openings: FileOpened[] = [];
  readonly closings: FileClosed[] = [];
  readonly refusals: OperationRefused[] = [];
  readonly changes: TreeChanged[] = [];
  readonly hashes: FileHashed[] = [];

  opened(file: FileOpened): void {
    this.openings.push(file);
  }
  closed(file: FileClosed): void {
    this.closings.push(file);
  }
  refused(refusal: OperationRefused): void {
    this.refusals.push(refusal);
  }
  changed(change: TreeChanged): void {
    this.changes.push(change);
  }
  hashed(file: FileHashed): void {
    this.hashes.push(file);
  }
}

export interface ConversationOptions {
  /** The tree under the stage. */
  readonly inner: FileSystem;
  readonly capabilities?: Partial<FileSystem>;
  readonly limits?: Partial<SftpLimits>;
  readonly home?: string;
  readonly userName?: string;
  /** Further options of the server. */
  readonly server?: Partial<SftpServerOptions>;
}

export class Conversation {
  readonly channel = new MemoryChannel();
  readonly observer = new RecordingObserver();
  readonly files: StagedFileSystem;
  readonly server: SftpServer;
  readonly client: SftpClient;
  receivedBytes = 0;

  constructor(options: ConversationOptions) {
    const { inner, capabilities, limits = {}, home = '/', userName = '', server } = options;
    this.files = new StagedFileSystem(inner, capabilities);
    this.server = new SftpServer({
      channel: this.channel,
      fileSystem: this.files,
      home: virtualPath(home),
      userName,
      limits,
      observer: this.observer,
      ...server,
    });
    this.client = new SftpClient((bytes) => this.deliver(bytes));
    this.channel.onSend = (bytes) => this.client.receive(bytes);
  }

  /** Bytes arrive at the server. */
  deliver(bytes: Buffer): void {
    this.receivedBytes += bytes.length;
    this.server.onData(bytes);
  }

  /** Opens a file. @throws AssertionError when it is refused */
  async handle(path: string, flags: number): Promise<Buffer> {
    const reply = await this.client.open(path, flags);
    assert.equal(reply.message, '');
    return reply.handle;
  }

  async store(path: string, contents: string | Buffer): Promise<void> {
    const handle = await this.handle(path, WRITE_NEW);
    const bytes = Buffer.from(contents);
    for (let at = 0; at < bytes.length; at += STORED_PIECE_BYTES) {
      const piece = bytes.subarray(at, at + STORED_PIECE_BYTES);
      assert.equal((await this.client.write(handle, at, piece)).status, 0);
    }
    assert.equal((await this.client.close(handle)).status, 0);
  }

  async load(path: string): Promise<string> {
    const handle = await this.handle(path, OpenFlag.READ);
    const { data } = await this.client.read(handle, 0, 100_000);
    await this.client.close(handle);
    return data.toString();
  }
}

/** Lets everything that can happen now happen. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
}
