/** Records in files: one file with all users, or a folder with a file for each. */

import { constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Denied, IdentityFault } from '../../decision.ts';
import { isMembers } from '../../records/member-look-up.ts';
import type { RecordLookUp, RecordMembers, RecordStore } from '../../records/record.ts';
import { type DecodedText, decodeRecordText } from '../../records/record-text.ts';
import type { Surroundings } from '../../surroundings.ts';
import type { FileStoreOptions } from './options.ts';

/** Some 80,000 users in JSON, which is read in half a second; 10,000 in YAML, which takes more than two. Nobody is answered meanwhile. */
const MAX_JSON_BYTES = 32 * 1024 * 1024;
const MAX_YAML_BYTES = 4 * 1024 * 1024;
const EXTENSIONS = ['.yaml', '.yml', '.json'];
/** The grammar of user names: nothing that leads out of the folder. */
const FILE_NAME = /^\w[\w@.-]{0,99}$/;

interface ReadFile {
  /** Changes whenever the file does. */
  readonly version: string;
  readonly decoded: DecodedText;
}

export class FileRecordStore implements RecordStore {
  readonly #path: string;
  readonly #warn: (text: string) => void;
  #lastRead: ReadFile | undefined;
  #lastGood: RecordMembers | undefined;
  #reading: Promise<ReadFile> | undefined;

  constructor({ path }: FileStoreOptions, { folder, warn }: Pick<Surroundings, 'folder' | 'warn'>) {
    this.#path = resolve(folder, path);
    this.#warn = warn;
  }

  /** @throws Denied RECORD_INVALID; IdentityFault UPSTREAM_UNREACHABLE, UPSTREAM_ANSWER_INVALID */
  async find({ userName }: RecordLookUp): Promise<RecordMembers | undefined> {
    return (await this.#isFolder()) ? this.#findInFolder(userName) : this.#findInFile(userName);
  }

  /** @throws IdentityFault */
  async check(): Promise<void> {
    if (!(await this.#isFolder())) await this.#records();
  }

  async close(): Promise<void> {}

  async #isFolder(): Promise<boolean> {
    try {
      return (await stat(this.#path)).isDirectory();
    } catch (error) {
      throw unreachable(error);
    }
  }

  async #findInFile(userName: string): Promise<RecordMembers | undefined> {
    const records = await this.#records();
    if (!Object.hasOwn(records, userName)) return undefined;
    const record = records[userName];
    if (!isMembers(record)) throw new Denied('RECORD_INVALID', 'The entry of the user is not a map.');
    return record;
  }

  async #findInFolder(userName: string): Promise<RecordMembers | undefined> {
    if (!FILE_NAME.test(userName)) return undefined;
    const found: DecodedText[] = [];
    for (const extension of EXTENSIONS) {
      const read = await readRecordFile(join(this.#path, `${userName}${extension}`), undefined);
      if (read !== undefined) found.push(read.decoded);
    }
    const [decoded, second] = found;
    if (decoded === undefined) return undefined;
    if (second !== undefined) throw new Denied('RECORD_INVALID', 'The user has two files.');
    if (decoded.outcome === 'broken')
      throw new Denied('RECORD_INVALID', `The file of the user: ${decoded.problem}.`);
    return decoded.members;
  }

  /** All users. A file that is broken, or only half written, leaves the last good state in force. */
  async #records(): Promise<RecordMembers> {
    // Logins that come together share one read.
    this.#reading ??= this.#readAgain().finally(() => {
      this.#reading = undefined;
    });
    const { decoded } = await this.#reading;
    if (decoded.outcome === 'decoded') return decoded.members;
    if (this.#lastGood !== undefined) return this.#lastGood;
    throw new IdentityFault('UPSTREAM_ANSWER_INVALID', `The file of users: ${decoded.problem}.`);
  }

  async #readAgain(): Promise<ReadFile> {
    const read = await readRecordFile(this.#path, this.#lastRead);
    if (read === undefined) throw new IdentityFault('UPSTREAM_UNREACHABLE', 'There is no file of users.');
    if (read === this.#lastRead) return read;
    this.#lastRead = read;
    if (read.decoded.outcome === 'decoded') this.#lastGood = read.decoded.members;
    else
      this.#warn(
        `The file of users is not read: ${read.decoded.problem}. The last good state stays in force.`,
      );
    return read;
  }
}

/** Undefined where there is no such file; `known` where the file has not changed since. */
async function readRecordFile(path: string, known: ReadFile | undefined): Promise<ReadFile | undefined> {
  const file = await openIfThere(path);
  if (file === undefined) return undefined;
  try {
    const status = await file.stat({ bigint: true });
    if (!status.isFile())
      throw new IdentityFault('UPSTREAM_UNREACHABLE', 'What should hold users is no file.');
    const { dev, ino, size, mtimeNs, ctimeNs } = status;
    const version = [dev, ino, size, mtimeNs, ctimeNs].join(' ');
    if (version === known?.version) return known;
    const maxBytes = path.endsWith('.json') ? MAX_JSON_BYTES : MAX_YAML_BYTES;
    if (size > maxBytes)
      return { version, decoded: { outcome: 'broken', problem: `it has more than ${maxBytes} bytes` } };
    return { version, decoded: decodeRecordText(await file.readFile('utf8'), path) };
  } catch (error) {
    throw error instanceof IdentityFault ? error : unreachable(error);
  } finally {
    await file.close();
  }
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    // A pipe in the place of the file would hold the login up for ever.
    return await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw unreachable(error);
  }
}

function unreachable(error: unknown): IdentityFault {
  return new IdentityFault('UPSTREAM_UNREACHABLE', `The file of users: ${codeOf(error)}.`);
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'failed';
}
