/** The SFTP version 3 server: serves one client over a byte channel, from a tree of files. */

import { FileError } from '../files/error.ts';
import type { FileSystem } from '../files/file-system.ts';
import type { VirtualPath } from '../files/virtual-path.ts';
import type { ByteChannel, ByteChannelHandler } from '../wire/byte-channel.ts';
import { ByteReader, WireError } from '../wire/byte-reader.ts';
import { CopyTurns } from './copy-turns.ts';
import { ExtensionSet, type Product } from './extensions.ts';
import { type Frame, FrameReader } from './frame-reader.ts';
import { HandleTable } from './handle-table.ts';
import { HashPace } from './hashing/hash-pace.ts';
import { HashQueue } from './hashing/hash-queue.ts';
import { DEFAULT_LIMITS, type SftpLimits } from './limits.ts';
import { type SftpObserver, SILENT_OBSERVER } from './observer.ts';
import { PathOrder } from './path-order.ts';
import { MessageType, PROTOCOL_VERSION } from './protocol.ts';
import { requestError } from './reply.ts';
import { ReplyQueue } from './reply-queue.ts';
import { type Request, RequestLedger } from './request-ledger.ts';
import { REQUESTS } from './requests/table.ts';
import type { KnownIds, SftpSession } from './session.ts';

export interface SftpServerOptions {
  /** Its receive window must hold one whole packet, 256 KiB and the length field. */
  readonly channel: ByteChannel;
  readonly fileSystem: FileSystem;
  /** Where relative paths start. */
  readonly home: VirtualPath;
  /** Lets clients ask for their home by their own name. */
  readonly userName?: string;
  readonly limits?: Partial<SftpLimits>;
  readonly observer?: SftpObserver;
  /** Shared by the channels of one session. */
  readonly hashes?: HashQueue;
  /** SetStatOption ENABLE_NO_OP: answer SETSTAT and FSETSTAT with success and change nothing but a size. */
  readonly ignoresSetStat?: boolean;
  /** The user's own ids, shown with the user's name. */
  readonly knownIds?: KnownIds;
  /** Told to clients that ask for it. */
  readonly product?: Product;
}

/** Exit status when the client broke the protocol; OpenSSH's sftp-server has the same. */
const BROKEN_PROTOCOL_STATUS = 255;

/**
 * Life: construct → INIT → requests → `onEnd` or `onClose`. Bytes are credited when their request ended, also after
 * `onClose`, so that the carrier can count what is held. Nothing it is called with makes it throw.
 */
export class SftpServer implements ByteChannelHandler {
  readonly #channel: ByteChannel;
  readonly #frames = new FrameReader();
  readonly #replies: ReplyQueue;
  readonly #ledger: RequestLedger;
  readonly #handles: HandleTable;
  readonly #pathOrder = new PathOrder();
  readonly #extensions: ExtensionSet;
  readonly #session: SftpSession;
  readonly #product: Product | undefined;
  readonly #abort = new AbortController();
  #isInitialised = false;
  #inputEnded = false;
  #isPumping = false;

  constructor({ channel, fileSystem, home, ...options }: SftpServerOptions) {
    const limits = { ...DEFAULT_LIMITS, ...options.limits };
    const observer = options.observer ?? SILENT_OBSERVER;
    const pump = (): void => this.#pump();
    const replies = new ReplyQueue(channel, pump);
    this.#channel = channel;
    this.#replies = replies;
    this.#ledger = new RequestLedger({ channel, replies, observer, limits, onSettled: pump });
    this.#handles = new HandleTable(limits.maxOpenHandles);
    this.#extensions = new ExtensionSet(fileSystem);
    this.#product = options.product;
    this.#session = {
      fileSystem,
      home,
      userName: options.userName,
      observer,
      limits,
      ledger: this.#ledger,
      handles: this.#handles,
      pathOrder: this.#pathOrder,
      hashes: options.hashes ?? new HashQueue({ pace: new HashPace() }),
      copyTurns: new CopyTurns(),
      ignoresSetStat: options.ignoresSetStat ?? false,
      knownIds: options.knownIds ?? {},
      signal: this.#abort.signal,
    };
  }

  /** Files that are open or still being closed: what a graceful shutdown waits for. */
  get openFiles(): number {
    return this.#handles.openFiles;
  }

  get hasOpenFiles(): boolean {
    return this.openFiles > 0;
  }

  onData(view: Buffer): void {
    if (this.#ledger.isClosed) {
      this.#channel.credit(view.length);
      return;
    }
    this.#frames.push(view);
    this.#pump();
  }

  onEnd(): void {
    this.#inputEnded = true;
    this.#pump();
  }

  onDrain(): void {
    this.#pump();
  }

  onClose(): void {
    this.#release();
  }

  /** Begins requests while there is room; called whenever there may be room or more to begin. */
  #pump(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    try {
      while (!this.#ledger.isClosed && this.#ledger.hasRoom) {
        const frame = this.#frames.next();
        if (frame === undefined) {
          if (this.#inputEnded && this.#ledger.outstanding === 0) this.#finish(0);
          return;
        }
        this.#begin(frame);
      }
    } catch (error) {
      // Only what cannot be answered arrives here: the stream is out of step.
      this.#session.observer.refused({ operation: 'UNKNOWN', error: requestError(error) });
      this.#finish(BROKEN_PROTOCOL_STATUS);
    } finally {
      this.#isPumping = false;
    }
  }

  /** @throws WireError when the client must not go on */
  #begin(frame: Frame): void {
    const fields = new ByteReader(frame.head);
    if (frame.type === MessageType.INIT || !this.#isInitialised) return this.#initialise(frame);
    const id = fields.uint32();
    const kind = REQUESTS.get(frame.type);
    const request = this.#ledger.begin(id, kind?.operation ?? 'UNKNOWN', frame.byteCount);
    try {
      if (kind !== undefined) kind.handle(this.#session, request, fields, frame.tail);
      else if (frame.type === MessageType.EXTENDED) this.#beginExtended(request, fields);
      else throw new FileError('NOT_SUPPORTED', 'this request is not known');
    } catch (error) {
      this.#ledger.refuse(request, error);
    }
  }

  #beginExtended(request: Request, fields: ByteReader): void {
    const extension = this.#extensions.get(fields.ascii());
    if (extension === undefined) throw new FileError('NOT_SUPPORTED', 'this extension is not known');
    request.operation = extension.operation;
    extension.handle(this.#session, request, fields, []);
  }

  /** Answers version 3 whatever the client speaks. */
  #initialise(frame: Frame): void {
    this.#channel.credit(frame.byteCount);
    if (this.#isInitialised) throw new WireError('a second INIT');
    if (frame.type !== MessageType.INIT) throw new WireError('a request before INIT');
    this.#isInitialised = true;
    this.#replies.addVersion(PROTOCOL_VERSION, this.#extensions.advertisement(this.#product));
  }

  /** Sends what is answered, gives up what is not, and ends the channel. */
  #finish(exitStatus: number): void {
    this.#replies.flush();
    this.#release();
    this.#channel.finish(exitStatus);
  }

  /** Lets go of everything. What runs in the storage is waited for and then aborted; nothing new begins. */
  #release(): void {
    if (this.#ledger.isClosed) return;
    this.#ledger.close();
    this.#pathOrder.stop();
    this.#abort.abort();
    this.#replies.clear();
    this.#channel.credit(this.#frames.clear());
    this.#handles.abortAll();
  }
}
