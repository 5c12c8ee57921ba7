/** What the embedded configuration needs on disk: the demo function, its one user, and the demo bucket. */

import { argon2Sync, randomBytes, randomInt } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { DEMO_BUCKET } from './config/embedded.ts';
import type { DataFolder } from './data-folder.ts';

const USER_NAME = 'demo';
/** Without the letters and digits that are taken for one another. */
const PASSWORD_ALPHABET = 'abcdefghjkmnpqrstuvwxyz23456789';
/** Four groups of five: 99 bits, and possible to type. */
const PASSWORD_GROUPS = 4;
const PASSWORD_GROUP_LENGTH = 5;
/** RFC 9106 section 4, second recommended option. */
const ARGON2 = { memory: 65_536, passes: 3, parallelism: 4, tagLength: 32 };
const SALT_BYTES = 16;

const FUNCTION_SOURCE = new URL('../../functions/demo.mjs', import.meta.url);
const FUNCTION_FOLDER = 'functions';

export interface DemoUser {
  readonly userName: string;
  /** Only at first start: afterwards nothing but its hash is kept. */
  readonly password?: string;
  /** Where to give the demo user a public key, or which file to remove to get a new password. */
  readonly recordPath: string;
  /** Where the user's files are. */
  readonly filesPath: string;
}

/** Makes what is missing and leaves what is there. @throws DataFolderError */
export async function setUpDemo(data: DataFolder): Promise<DemoUser> {
  const filesPath = await data.folder('buckets', DEMO_BUCKET);
  await data.keep([FUNCTION_FOLDER, 'demo.mjs'], () => readFile(FUNCTION_SOURCE, 'utf8'));
  const password = makePassword();
  const record = [FUNCTION_FOLDER, 'demo-user.json'];
  const { isNew } = await data.keep(
    record,
    () =>
      `${JSON.stringify({ userName: USER_NAME, passwordHash: hash(password), publicKeys: [] }, null, 2)}\n`,
  );
  return {
    userName: USER_NAME,
    ...(isNew ? { password } : {}),
    recordPath: data.pathOf(...record),
    filesPath,
  };
}

function makePassword(): string {
  const character = (): string => PASSWORD_ALPHABET.charAt(randomInt(PASSWORD_ALPHABET.length));
  const group = (): string => Array.from({ length: PASSWORD_GROUP_LENGTH }, character).join('');
  return Array.from({ length: PASSWORD_GROUPS }, group).join('-');
}

/** Argon2id in PHC string form. */
function hash(password: string): string {
  const nonce = randomBytes(SALT_BYTES);
  const tag = argon2Sync('argon2id', { message: password, nonce, ...ARGON2 });
  const base64 = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '');
  const { memory, passes, parallelism } = ARGON2;
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${base64(nonce)}$${base64(tag)}`;
}
