/** What FileZilla sends: one connection to look around, another one for transfers; both are `fzsftp`, which is PuTTY's psftp. */

import assert from 'node:assert/strict';
import { stat, utimes } from 'node:fs/promises';
import path from 'node:path';
import { type RawSftp, succeeded } from './raw-sftp.ts';
import {
  attributesOf,
  makeDirectory,
  realPath,
  remove,
  removeDirectory,
  rename,
  setTime,
} from './requests.ts';
import { Packet, text } from './sftp-wire.ts';
import {
  close,
  type Entry,
  handleOf,
  OPEN_CREATE,
  OPEN_READ,
  OPEN_TRUNCATE,
  OPEN_WRITE,
  openFile,
  type Pace,
  pageOf,
  readFrom,
  writeFrom,
} from './transfer.ts';
import { getTree, putTree, removeTree, type TreeClient } from './trees.ts';

/** PuTTY has a MiB under way in requests of 32 KiB. */
const PACE: Pace = { blockBytes: 32 * 1024, underWay: 32 };

export class FileZillaSession implements TreeClient {
  /** Of the window that shows the folders. */
  readonly #browsing: RawSftp;
  /** Of the queue. */
  readonly #transfers: RawSftp;

  private constructor(browsing: RawSftp, transfers: RawSftp) {
    this.#browsing = browsing;
    this.#transfers = transfers;
  }

  static async begin(browsing: RawSftp, transfers: RawSftp): Promise<FileZillaSession> {
    for (const sftp of [browsing, transfers]) assert.match(await realPath(sftp, '.'), /^\//);
    return new FileZillaSession(browsing, transfers);
  }

  list(directory: string): Promise<readonly Entry[]> {
    return this.#list(this.#browsing, directory);
  }

  /**
   * With "preserve timestamps": the time is set by path once the file is closed, and the folder is shown anew. There S3 tells
   * when the object was stored; the time that was set is told of the file alone.
   */
  async put(local: string, remote: string): Promise<void> {
    await this.#enter(this.#transfers, path.posix.dirname(remote));
    const { size, mtimeMs } = await stat(local);
    const modifiedAt = Math.floor(mtimeMs / 1000);
    await this.#send(local, remote, { from: 0, flags: OPEN_CREATE | OPEN_TRUNCATE });
    await succeeded(setTime(this.#transfers, remote, modifiedAt));
    const shown = (await this.list(path.posix.dirname(remote))).find(
      ({ name }) => name === path.posix.basename(remote),
    );
    assert.equal(shown?.attributes.sizeBytes, size, 'the folder shows another size');
    const stored = await attributesOf(this.#transfers, remote, Packet.STAT);
    assert.equal(stored.modifiedAt, modifiedAt, 'the time of modification did not stay');
  }

  /** `reput`: psftp opens the file as it is where the folder says it ends. */
  async resumePut(local: string, remote: string): Promise<void> {
    const { sizeBytes } = await attributesOf(this.#browsing, remote, Packet.STAT);
    await this.#send(local, remote, { from: sizeBytes, flags: 0 });
  }

  async get(remote: string, local: string): Promise<void> {
    const { modifiedAt } = await attributesOf(this.#transfers, remote, Packet.STAT);
    await this.#fetch(remote, local, 0);
    if (modifiedAt !== undefined) await utimes(local, modifiedAt, modifiedAt);
  }

  async resumeGet(remote: string, local: string): Promise<void> {
    await this.#fetch(remote, local, (await stat(local)).size);
  }

  rename(from: string, to: string): Promise<void> {
    return rename(this.#browsing, from, to);
  }

  /** Goes upwards until it can enter a directory, and from there makes one after the other. */
  async makeDirectories(directory: string): Promise<void> {
    if (directory === '/') return;
    const isThere = await this.#enter(this.#browsing, directory).then(
      () => true,
      () => false,
    );
    if (isThere) return;
    await this.makeDirectories(path.posix.dirname(directory));
    await makeDirectory(this.#browsing, directory);
  }

  putTree(local: string, remote: string): Promise<void> {
    return putTree(this, local, remote);
  }

  getTree(remote: string, local: string): Promise<void> {
    return getTree(this, remote, local);
  }

  beginTree(directory: string): Promise<void> {
    return this.makeDirectories(directory);
  }

  remove(file: string): Promise<void> {
    return remove(this.#browsing, file);
  }

  removeDirectory(directory: string): Promise<void> {
    return removeDirectory(this.#browsing, directory);
  }

  removeTree(directory: string): Promise<void> {
    return removeTree(this, directory);
  }

  /** `cd` of psftp: the real path, and a look whether it can be opened. */
  async #enter(sftp: RawSftp, directory: string): Promise<string> {
    const real = await realPath(sftp, directory);
    const handle = await handleOf(sftp.request(Packet.OPENDIR, text(real)));
    await succeeded(close({ sftp, handle }));
    return real;
  }

  async #list(sftp: RawSftp, directory: string): Promise<readonly Entry[]> {
    const real = await this.#enter(sftp, directory);
    const handle = await handleOf(sftp.request(Packet.OPENDIR, text(real)));
    const entries: Entry[] = [];
    for (;;) {
      const page = await pageOf(sftp.request(Packet.READDIR, text(handle)));
      if (page === undefined) break;
      entries.push(...page);
    }
    await succeeded(close({ sftp, handle }));
    return entries;
  }

  async children(directory: string): Promise<readonly Entry[]> {
    return (await this.list(directory)).filter(({ name }) => name !== '.' && name !== '..');
  }

  async #send(local: string, remote: string, how: { from: number; flags: number }): Promise<void> {
    const file = await openFile(this.#transfers, remote, OPEN_WRITE | how.flags);
    const underWay = await writeFrom(file, local, how.from, PACE);
    for (const reply of underWay) await succeeded(reply);
    await succeeded(close(file));
  }

  async #fetch(remote: string, local: string, from: number): Promise<void> {
    const file = await openFile(this.#transfers, remote, OPEN_READ);
    await readFrom(file, local, from, PACE);
    await succeeded(close(file));
  }
}
