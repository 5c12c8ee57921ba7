/** Public keys in files of a folder, one for each user, as sshd has them with `AuthorizedKeysFile`. */

import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import path from 'node:path';
import { IdentityFault } from '../decision.ts';
import type { RecordKey } from '../records/record.ts';
import { checkKeysSize, keysOf, MAX_KEYS_BYTES } from './key-lines.ts';
import { withUserName } from './name-place.ts';
import type { FileKeysOptions } from './options.ts';
import type { PublicKeySource } from './source.ts';

export class FileKeys implements PublicKeySource {
  readonly #template: string;

  constructor({ file }: FileKeysOptions, folder: string) {
    this.#template = path.resolve(folder, file);
  }

  async find(userName: string): Promise<readonly RecordKey[]> {
    const text = await textOf(withUserName(this.#template, userName));
    return text === undefined ? [] : keysOf([text]);
  }

  async close(): Promise<void> {}
}

/** Undefined where there is no file. */
async function textOf(file: string): Promise<string | undefined> {
  try {
    // A pipe in the place of the file would hold the login up for ever.
    await using handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    return await boundedText(handle);
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause)) throw cause;
    if (cause.code === 'ENOENT') return undefined;
    if (typeof cause.code === 'string' && cause.name === 'Error')
      throw new IdentityFault('UPSTREAM_FAILED', `A file of public keys cannot be read: ${cause.code}.`);
    throw cause;
  }
}

async function boundedText(handle: FileHandle): Promise<string> {
  const status = await handle.stat();
  if (!status.isFile())
    throw new IdentityFault('UPSTREAM_FAILED', 'What should hold public keys is no file.');
  const bytes = Buffer.alloc(MAX_KEYS_BYTES + 1);
  const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0);
  checkKeysSize(bytesRead);
  return bytes.toString('utf8', 0, bytesRead);
}
