/** What WinSCP sends, in its order and with as much under way at once (reference §4.4). */

import assert from 'node:assert/strict';
import { rename as renameLocal, rm, stat, utimes } from 'node:fs/promises';
import { fieldsOf, type RawSftp, succeeded } from './raw-sftp.ts';
import {
  attributesIfAny,
  attributesOf,
  makeDirectory,
  realPath,
  remove,
  removeDirectory,
  rename,
  setTime,
} from './requests.ts';
import { Packet, text, uint32, uint64 } from './sftp-wire.ts';
import {
  close,
  type Entry,
  handleOf,
  OPEN_CREATE,
  OPEN_READ,
  OPEN_TRUNCATE,
  OPEN_WRITE,
  type OpenFile,
  openFile,
  type Pace,
  pageOf,
  readFrom,
  writeFrom,
} from './transfer.ts';
import { getTree, putTree, removeTree, type TreeClient } from './trees.ts';

const BLOCK_BYTES = 32 * 1024;
const WRITES: Pace = { blockBytes: BLOCK_BYTES, underWay: 64 };
const READS: Pace = { blockBytes: BLOCK_BYTES, underWay: 32 };
const LISTS_UNDER_WAY = 2;
/** From here on a file is sent under another name first, so that a broken transfer can be resumed. */
const RESUMABLE_BYTES = 100 * 1024;
const PARTIAL = '.filepart';

export class WinScpSession implements TreeClient {
  readonly #sftp: RawSftp;

  private constructor(sftp: RawSftp) {
    this.#sftp = sftp;
  }

  /** Greets as WinSCP does: its name where the server asks for names, then where the user is. */
  static async begin(sftp: RawSftp): Promise<WinScpSession> {
    if (sftp.extensions.has('vendor-id')) {
      const name = [text('Martin Prikryl'), text('WinSCP'), text('6.5'), uint64(1)];
      // Any answer will do.
      await sftp.extended('vendor-id', ...name);
    }
    assert.match(await realPath(sftp, '.'), /^\//);
    return new WinScpSession(sftp);
  }

  /** Opens a directory by the path the server makes of it, with two READDIRs always under way. */
  async list(directory: string): Promise<readonly Entry[]> {
    const real = await realPath(this.#sftp, directory);
    const handle = await handleOf(this.#sftp.request(Packet.OPENDIR, text(real)));
    const read = () => this.#sftp.request(Packet.READDIR, text(handle));
    const entries: Entry[] = [];
    const underWay = Array.from({ length: LISTS_UNDER_WAY }, read);
    for (let reply = underWay.shift(); reply !== undefined; reply = underWay.shift()) {
      const page = await pageOf(reply);
      if (page === undefined) break;
      entries.push(...page);
      underWay.push(read());
    }
    await Promise.all(underWay.map(pageOf));
    await succeeded(close({ sftp: this.#sftp, handle }));
    return entries;
  }

  async put(local: string, remote: string): Promise<void> {
    const { size, mtimeMs } = await stat(local);
    const modifiedAt = Math.floor(mtimeMs / 1000);
    if (size < RESUMABLE_BYTES) await this.#putAtOnce(local, remote, modifiedAt);
    else await this.#putResumable(local, remote, modifiedAt);
    const stored = await attributesOf(this.#sftp, remote, Packet.LSTAT);
    assert.equal(stored.sizeBytes, size, 'the server tells another size');
    assert.equal(stored.modifiedAt, modifiedAt, 'the time of modification did not stay');
  }

  /** The last WRITEs, CLOSE and the SETSTAT of the path leave together: the time must hold though the file was still open. */
  async #putAtOnce(local: string, remote: string, modifiedAt: number): Promise<void> {
    const file = await this.#openForWriting(remote, OPEN_CREATE | OPEN_TRUNCATE);
    const underWay = await writeFrom(file, local, 0, WRITES);
    underWay.push(close(file), setTime(this.#sftp, remote, modifiedAt));
    for (const reply of underWay) await succeeded(reply);
  }

  async #putResumable(local: string, remote: string, modifiedAt: number): Promise<void> {
    const partial = `${remote}${PARTIAL}`;
    assert.equal(await this.#find(partial), undefined, 'there is a partial file of an earlier transfer');
    const isThere = (await this.#find(remote)) !== undefined;
    const file = await this.#openForWriting(partial, OPEN_CREATE | OPEN_TRUNCATE);
    await this.#writeAndClose(local, file, 0);
    if (isThere) await this.remove(remote);
    await this.rename(partial, remote);
    await succeeded(setTime(this.#sftp, remote, modifiedAt));
  }

  /** Continues a file that is there. */
  async resumePut(local: string, remote: string): Promise<void> {
    const present = await this.#find(remote);
    const file = await this.#openForWriting(remote, OPEN_CREATE);
    await this.#writeAndClose(local, file, present?.sizeBytes ?? 0);
  }

  async get(remote: string, local: string): Promise<void> {
    const found = await attributesOf(this.#sftp, remote, Packet.LSTAT);
    const isResumable = found.sizeBytes >= RESUMABLE_BYTES;
    const target = isResumable ? `${local}${PARTIAL}` : local;
    await rm(target, { force: true });
    await this.#read(remote, target, 0);
    if (isResumable) await renameLocal(target, local);
    if (found.modifiedAt !== undefined) await utimes(local, found.modifiedAt, found.modifiedAt);
  }

  async resumeGet(remote: string, local: string): Promise<void> {
    await this.#read(remote, local, (await stat(local)).size);
  }

  rename(from: string, to: string): Promise<void> {
    return rename(this.#sftp, from, to);
  }

  async makeDirectories(directory: string): Promise<void> {
    let made = '';
    for (const name of directory.split('/').filter((segment) => segment !== '')) {
      made = `${made}/${name}`;
      if ((await this.#find(made)) === undefined) await makeDirectory(this.#sftp, made);
    }
  }

  putTree(local: string, remote: string): Promise<void> {
    return putTree(this, local, remote);
  }

  getTree(remote: string, local: string): Promise<void> {
    return getTree(this, remote, local);
  }

  beginTree(directory: string): Promise<void> {
    return makeDirectory(this.#sftp, directory);
  }

  remove(file: string): Promise<void> {
    return remove(this.#sftp, file);
  }

  removeDirectory(directory: string): Promise<void> {
    return removeDirectory(this.#sftp, directory);
  }

  /** WinSCP lists, deletes what is there and then the directory itself. */
  removeTree(directory: string): Promise<void> {
    return removeTree(this, directory);
  }

  async hash(file: string): Promise<string> {
    assert.ok(this.#sftp.extensions.has('check-file'), 'the server offers no check-file');
    const wholeFile = [uint64(0), uint64(0), uint32(0)];
    const asked = this.#sftp.extended('check-file-name', text(file), text('sha256'), ...wholeFile);
    const fields = await fieldsOf(asked, Packet.EXTENDED_REPLY);
    assert.equal(fields.text(), 'sha256');
    return fields.rest().toString('hex');
  }

  /** By statvfs, and by space-available where that is offered: both must be answered. */
  async freeBytes(directory: string): Promise<number> {
    const vfs = await fieldsOf(
      this.#sftp.extended('statvfs@openssh.com', text(directory)),
      Packet.EXTENDED_REPLY,
    );
    const [, fragmentBytes = 0, , , available = 0] = Array.from({ length: 5 }, () => vfs.uint64());
    if (this.#sftp.extensions.has('space-available')) {
      const asked = this.#sftp.extended('space-available', text(directory));
      const space = await fieldsOf(asked, Packet.EXTENDED_REPLY);
      const [, , , forUser = 0] = Array.from({ length: 4 }, () => space.uint64());
      assert.ok(forUser > 0, 'space-available tells that no space is free');
    }
    return fragmentBytes * available;
  }

  async children(directory: string): Promise<readonly Entry[]> {
    return (await this.list(directory)).filter(({ name }) => name !== '.' && name !== '..');
  }

  async #writeAndClose(local: string, file: OpenFile, from: number): Promise<void> {
    const underWay = await writeFrom(file, local, from, WRITES);
    underWay.push(close(file));
    for (const reply of underWay) await succeeded(reply);
  }

  async #read(remote: string, local: string, from: number): Promise<void> {
    const file = await openFile(this.#sftp, remote, OPEN_READ);
    await readFrom(file, local, from, READS);
    await succeeded(close(file));
  }

  #openForWriting(remote: string, how: number): Promise<OpenFile> {
    return openFile(this.#sftp, remote, OPEN_WRITE | how);
  }

  #find(name: string) {
    return attributesIfAny(this.#sftp, name, Packet.LSTAT);
  }
}
