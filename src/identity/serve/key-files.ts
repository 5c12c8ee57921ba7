/** The files that say who may ask the HTTP method. */

import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { z } from 'zod';
import { Secret } from '../secret.ts';
import type { SigningKey } from './signature.ts';

/** A shorter key can be guessed. */
const MIN_KEY_CHARACTERS = 16;

/** A file that cannot be used; the text names the fix and quotes nothing of the file. */
export class KeyFileError extends Error {
  override readonly name = 'KeyFileError';
}

const signingKeys = z
  .array(
    z.strictObject({
      accessKeyId: z.string().regex(/^\w{4,128}$/),
      secretAccessKey: z.string().min(MIN_KEY_CHARACTERS),
    }),
  )
  .min(1);

/** One key in a line; empty lines and lines with a `#` before anything else do not count. @throws KeyFileError */
export async function readApiKeys(file: string): Promise<readonly Secret[]> {
  const lines = (await readText(file)).split('\n').map((line) => line.trim());
  const keys = lines.filter((line) => line !== '' && !line.startsWith('#'));
  if (keys.length === 0) throw new KeyFileError(`${file} holds no key: write one in a line`);
  if (keys.some((key) => key.length < MIN_KEY_CHARACTERS || !/^[!-~]+$/.test(key)))
    throw new KeyFileError(`${file}: a key is ${MIN_KEY_CHARACTERS} or more printable ASCII characters`);
  return keys.map((key) => new Secret(key));
}

/** A YAML or JSON list of `accessKeyId` and `secretAccessKey`. @throws KeyFileError */
export async function readSigningKeys(file: string): Promise<readonly SigningKey[]> {
  const read = signingKeys.safeParse(parsed(await readText(file)));
  if (!read.success)
    throw new KeyFileError(
      `${file} is not a list of accessKeyId and secretAccessKey, the latter of ${MIN_KEY_CHARACTERS} or more characters`,
    );
  return read.data.map(({ accessKeyId, secretAccessKey }) => ({
    accessKeyId,
    secretAccessKey: new Secret(secretAccessKey),
  }));
}

/** @throws KeyFileError */
export async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : 'unknown error';
    throw new KeyFileError(`${file} cannot be read: ${reason}`, { cause });
  }
}

function parsed(text: string): unknown {
  try {
    return parse(text, { prettyErrors: false });
  } catch {
    return undefined;
  }
}
