/** What WinSCP sends, in its order and with as much under way at once (reference §4.4). */

import assert from 'node:assert/strict';
import { mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import path from 'node:path';
import { fieldsOf, type RawSftp, type Reply, StatusError, succeeded } from './raw-sftp.ts';
import { type Attributes, HAS_TIMES, Packet, Status, text, uint32, uint64 } from './sftp-wire.ts';

const WRITES_UNDER_WAY = 64;
const READS_UNDER_WAY = 32;
const LISTS_UNDER_WAY = 2;
const BLOCK_BYTES = 32 * 1024;
/** From here on a file is sent under another name first, so that a broken transfer can be resumed. */
const RESUMABLE_BYTES = 100 * 1024;
const PARTIAL = '.filepart';
const OPEN_READ = 1;
const OPEN_WRITE = 2;
const OPEN_CREATE = 8;
const OPEN_TRUNCATE = 16;
const NO_ATTRIBUTES = uint32(0);

export interface Entry {
  readonly name: string;
  readonly attributes: Attributes;
}

export class WinScpSession {
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
    const session = new WinScpSession(sftp);
    assert.match(await session.#realPath('.'), /^\//);
    return session;
  }

  /** Opens a directory by the path the server makes of it, with two READDIRs always under way. */
  async list(directory: string): Promise<readonly Entry[]> {
    const real = await this.#realPath(directory);
    const handle = await this.#handle(this.#sftp.request(Packet.OPENDIR, text(real)));
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
    await succeeded(this.#sftp.request(Packet.CLOSE, text(handle)));
    return entries;
  }

  async put(local: string, remote: string): Promise<void> {
    const { size, mtimeMs } = await stat(local);
    const modifiedAt = Math.floor(mtimeMs / 1000);
    if (size < RESUMABLE_BYTES) await this.#putAtOnce(local, remote, modifiedAt);
    else await this.#putResumable(local, remote, modifiedAt);
    const stored = await this.#stat(remote);
    assert.equal(stored?.sizeBytes, size, 'the server tells another size');
    assert.equal(stored?.modifiedAt, modifiedAt, 'the time of modification did not stay');
  }

  /** The last WRITEs, CLOSE and the SETSTAT of the path leave together: the time must hold though the file was still open. */
  async #putAtOnce(local: string, remote: string, modifiedAt: number): Promise<void> {
    const handle = await this.#openForWriting(remote, OPEN_CREATE | OPEN_TRUNCATE);
    const underWay = await this.#write(local, handle, 0);
    underWay.push(this.#sftp.request(Packet.CLOSE, text(handle)), this.#setTime(remote, modifiedAt));
    for (const reply of underWay) await succeeded(reply);
  }

  async #putResumable(local: string, remote: string, modifiedAt: number): Promise<void> {
    const partial = `${remote}${PARTIAL}`;
    assert.equal(await this.#stat(partial), undefined, 'there is a partial file of an earlier transfer');
    const isThere = (await this.#stat(remote)) !== undefined;
    const handle = await this.#openForWriting(partial, OPEN_CREATE | OPEN_TRUNCATE);
    await this.#writeAndClose(local, handle, 0);
    if (isThere) await this.remove(remote);
    await this.rename(partial, remote);
    await succeeded(this.#setTime(remote, modifiedAt));
  }

  /** Continues a file that is there. */
  async resumePut(local: string, remote: string): Promise<void> {
    const present = await this.#stat(remote);
    const handle = await this.#openForWriting(remote, OPEN_CREATE);
    await this.#writeAndClose(local, handle, present?.sizeBytes ?? 0);
  }

  async get(remote: string, local: string): Promise<void> {
    const found = await this.#lstat(remote);
    const isResumable = found.sizeBytes >= RESUMABLE_BYTES;
    const target = isResumable ? `${local}${PARTIAL}` : local;
    await rm(target, { force: true });
    await this.#read(remote, target, 0);
    if (isResumable) await rename(target, local);
    if (found.modifiedAt !== undefined) await utimes(local, found.modifiedAt, found.modifiedAt);
  }

  async resumeGet(remote: string, local: string): Promise<void> {
    await this.#read(remote, local, (await stat(local)).size);
  }

  async rename(from: string, to: string): Promise<void> {
    await succeeded(this.#sftp.request(Packet.RENAME, text(from), text(to)));
  }

  async makeDirectories(directory: string): Promise<void> {
    let made = '';
    for (const name of directory.split('/').filter((segment) => segment !== '')) {
      made = `${made}/${name}`;
      if ((await this.#stat(made)) === undefined) await this.#makeDirectory(made);
    }
  }

  async putTree(local: string, remote: string): Promise<void> {
    await this.#makeDirectory(remote);
    for (const entry of await readdir(local, { withFileTypes: true })) {
      const from = path.join(local, entry.name);
      const to = `${remote}/${entry.name}`;
      await (entry.isDirectory() ? this.putTree(from, to) : this.put(from, to));
    }
  }

  async getTree(remote: string, local: string): Promise<void> {
    await mkdir(local);
    for (const { name, attributes } of await this.list(remote)) {
      if (name === '.' || name === '..') continue;
      const from = `${remote}/${name}`;
      const to = path.join(local, name);
      await (attributes.isDirectory ? this.getTree(from, to) : this.get(from, to));
    }
  }

  async remove(file: string): Promise<void> {
    await succeeded(this.#sftp.request(Packet.REMOVE, text(file)));
  }

  async removeDirectory(directory: string): Promise<void> {
    await succeeded(this.#sftp.request(Packet.RMDIR, text(directory)));
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

  async #writeAndClose(local: string, handle: Buffer, from: number): Promise<void> {
    const underWay = await this.#write(local, handle, from);
    underWay.push(this.#sftp.request(Packet.CLOSE, text(handle)));
    for (const reply of underWay) await succeeded(reply);
  }

  /** @returns answers that are still to come */
  async #write(local: string, handle: Buffer, from: number): Promise<Promise<Reply>[]> {
    await using file = await open(local, 'r');
    const underWay: Promise<Reply>[] = [];
    for (let position = from; ; ) {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(BLOCK_BYTES), 0, BLOCK_BYTES, position);
      if (bytesRead === 0) return underWay;
      const data = text(buffer.subarray(0, bytesRead));
      underWay.push(this.#sftp.request(Packet.WRITE, text(handle), uint64(position), data));
      position += bytesRead;
      const oldest = underWay.length < WRITES_UNDER_WAY ? undefined : underWay.shift();
      if (oldest !== undefined) await succeeded(oldest);
    }
  }

  async #read(remote: string, local: string, from: number): Promise<void> {
    const flags = uint32(OPEN_READ);
    const handle = await this.#handle(this.#sftp.request(Packet.OPEN, text(remote), flags, NO_ATTRIBUTES));
    await using file = await open(local, from === 0 ? 'w' : 'r+');
    let next = from;
    const ask = () => {
      const position = next;
      next += BLOCK_BYTES;
      const asked = this.#sftp.request(Packet.READ, text(handle), uint64(position), uint32(BLOCK_BYTES));
      return { position, data: dataOf(asked) };
    };
    const underWay = Array.from({ length: READS_UNDER_WAY }, ask);
    for (let oldest = underWay.shift(); oldest !== undefined; oldest = underWay.shift()) {
      const data = await oldest.data;
      if (data === undefined) continue;
      await file.write(data, 0, data.length, oldest.position);
      if (data.length === BLOCK_BYTES) underWay.push(ask());
    }
    await succeeded(this.#sftp.request(Packet.CLOSE, text(handle)));
  }

  #openForWriting(remote: string, how: number): Promise<Buffer> {
    return this.#handle(
      this.#sftp.request(Packet.OPEN, text(remote), uint32(OPEN_WRITE | how), NO_ATTRIBUTES),
    );
  }

  #setTime(remote: string, modifiedAt: number): Promise<Reply> {
    const times = [uint32(HAS_TIMES), uint32(modifiedAt), uint32(modifiedAt)];
    return this.#sftp.request(Packet.SETSTAT, text(remote), ...times);
  }

  async #makeDirectory(directory: string): Promise<void> {
    await succeeded(this.#sftp.request(Packet.MKDIR, text(directory), NO_ATTRIBUTES));
  }

  async #handle(reply: Promise<Reply>): Promise<Buffer> {
    return Buffer.from((await fieldsOf(reply, Packet.HANDLE)).bytes());
  }

  async #realPath(name: string): Promise<string> {
    const fields = await fieldsOf(this.#sftp.request(Packet.REALPATH, text(name)), Packet.NAME);
    assert.equal(fields.uint32(), 1, 'REALPATH gives one name');
    return fields.text();
  }

  async #lstat(name: string): Promise<Attributes> {
    return (await fieldsOf(this.#sftp.request(Packet.LSTAT, text(name)), Packet.ATTRS)).attributes();
  }

  /** @returns undefined where there is nothing of this name */
  async #stat(name: string): Promise<Attributes | undefined> {
    try {
      return await this.#lstat(name);
    } catch (error) {
      if (error instanceof StatusError && error.code === Status.NO_SUCH_FILE) return undefined;
      throw error;
    }
  }
}

/** @returns undefined at the end of the directory */
async function pageOf(reply: Promise<Reply>): Promise<readonly Entry[] | undefined> {
  try {
    const fields = await fieldsOf(reply, Packet.NAME);
    return Array.from({ length: fields.uint32() }, () => {
      const name = fields.text();
      fields.text();
      return { name, attributes: fields.attributes() };
    });
  } catch (error) {
    if (error instanceof StatusError && error.code === Status.EOF) return undefined;
    throw error;
  }
}

/** @returns undefined at the end of the file */
async function dataOf(reply: Promise<Reply>): Promise<Buffer | undefined> {
  try {
    return (await fieldsOf(reply, Packet.DATA)).bytes();
  } catch (error) {
    if (error instanceof StatusError && error.code === Status.EOF) return undefined;
    throw error;
  }
}
