/** A file system for tests that notes every call and can be told to wait or to fail at any of them. */

import type {
  AbortOutcome,
  AbortReason,
  AttributeChanges,
  DirectoryReader,
  FileAttributes,
  FileHandle,
  FileSlice,
  FileSystem,
  HardLinkCapability,
  LinkCapability,
  OpenMode,
  ReplaceCapability,
  SpaceCapability,
} from '../../files/file-system.ts';
import type { VirtualPath } from '../../files/virtual-path.ts';

/** Names calls as `write /a 0+5`, `rename /a /b`. */
export class StagedFileSystem implements FileSystem {
  /** Calls that reached the storage, in order. */
  readonly calls: string[] = [];
  /** Slices lent and not yet given back. */
  lentSlices = 0;
  /** While set, all open files are one, as by a hard link. */
  sameFiles = false;
  readonly #inner: FileSystem;
  readonly #gates = new Map<string, Promise<void>>();
  readonly #failures = new Map<string, Error>();

  readonly links?: LinkCapability;
  readonly hardLinks?: HardLinkCapability;
  readonly replacing?: ReplaceCapability;
  readonly spaceReporting?: SpaceCapability;

  constructor(inner: FileSystem, capabilities: Partial<FileSystem> = {}) {
    this.#inner = inner;
    const { links, hardLinks, replacing, spaceReporting } = { ...inner, ...capabilities };
    if (links !== undefined) this.links = links;
    if (hardLinks !== undefined) this.hardLinks = hardLinks;
    if (replacing !== undefined) this.replacing = replacing;
    if (spaceReporting !== undefined) this.spaceReporting = spaceReporting;
  }

  /** Calls of this name wait until the returned function is called. */
  hold(call: string): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#gates.set(call, promise);
    return () => {
      this.#gates.delete(call);
      resolve();
    };
  }

  /** Calls of this name reject. */
  fail(call: string, error: Error): void {
    this.#failures.set(call, error);
  }

  async pass<T>(call: string, work: () => Promise<T>): Promise<T> {
    this.calls.push(call);
    await this.#gates.get(call);
    const failure = this.#failures.get(call);
    if (failure !== undefined) throw failure;
    return await work();
  }

  stat(path: VirtualPath, options: { readonly followLinks: boolean }): Promise<FileAttributes> {
    return this.pass(`stat ${path}`, () => this.#inner.stat(path, options));
  }

  setAttributes(
    path: VirtualPath,
    changes: AttributeChanges,
    options: { readonly followLinks: boolean },
  ): Promise<void> {
    return this.pass(`setAttributes ${path}`, () => this.#inner.setAttributes(path, changes, options));
  }

  open(path: VirtualPath, mode: OpenMode, initial: AttributeChanges): Promise<FileHandle> {
    return this.pass(
      `open ${path}`,
      async () => new StagedHandle(this, path, await this.#inner.open(path, mode, initial)),
    );
  }

  list(path: VirtualPath): Promise<DirectoryReader> {
    return this.pass(`list ${path}`, async () => {
      const reader = await this.#inner.list(path);
      return {
        next: (maxEntries) => this.pass(`next ${path}`, () => reader.next(maxEntries)),
        close: () => this.pass(`closeList ${path}`, () => reader.close()),
      };
    });
  }

  makeDirectory(path: VirtualPath, initial: AttributeChanges): Promise<void> {
    return this.pass(`makeDirectory ${path}`, () => this.#inner.makeDirectory(path, initial));
  }

  removeDirectory(path: VirtualPath): Promise<void> {
    return this.pass(`removeDirectory ${path}`, () => this.#inner.removeDirectory(path));
  }

  remove(path: VirtualPath): Promise<void> {
    return this.pass(`remove ${path}`, () => this.#inner.remove(path));
  }

  rename(from: VirtualPath, to: VirtualPath): Promise<void> {
    return this.pass(`rename ${from} ${to}`, () => this.#inner.rename(from, to));
  }
}

class StagedHandle implements FileHandle {
  readonly #stage: StagedFileSystem;
  readonly #path: VirtualPath;
  readonly #inner: FileHandle;

  constructor(stage: StagedFileSystem, path: VirtualPath, inner: FileHandle) {
    this.#stage = stage;
    this.#path = path;
    this.#inner = inner;
  }

  async read(position: number, byteCount: number): Promise<FileSlice> {
    const slice = await this.#pass(`read ${this.#path} ${position}+${byteCount}`, () =>
      this.#inner.read(position, byteCount),
    );
    this.#stage.lentSlices += 1;
    return {
      ...slice,
      release: () => {
        this.#stage.lentSlices -= 1;
        slice.release();
      },
    };
  }

  write(views: readonly Uint8Array[], position: number): Promise<void> {
    const byteCount = views.reduce((sum, view) => sum + view.length, 0);
    return this.#pass(`write ${this.#path} ${position}+${byteCount}`, () =>
      this.#inner.write(views, position),
    );
  }

  stat(): Promise<FileAttributes> {
    return this.#pass(`handleStat ${this.#path}`, () => this.#inner.stat());
  }

  setAttributes(changes: AttributeChanges): Promise<void> {
    return this.#pass(`handleSetAttributes ${this.#path}`, () => this.#inner.setAttributes(changes));
  }

  isSameFile(): Promise<boolean> {
    return this.#pass(`isSameFile ${this.#path}`, async () => this.#stage.sameFiles);
  }

  sync(): Promise<void> {
    return this.#pass(`sync ${this.#path}`, () => this.#inner.sync());
  }

  close(): Promise<void> {
    return this.#pass(`close ${this.#path}`, () => this.#inner.close());
  }

  abort(reason: AbortReason): Promise<AbortOutcome> {
    return this.#pass(`abort ${this.#path}`, () => this.#inner.abort(reason));
  }

  #pass<T>(call: string, work: () => Promise<T>): Promise<T> {
    return this.#stage.pass(call, work);
  }
}
