/** `md5sum`, `sha256sum` and their like, over the session's own tree, with the output of GNU coreutils. */

import { FileError, toFileError } from '../../files/error.ts';
import { type VirtualPath, virtualPath } from '../../files/virtual-path.ts';
import type { HashAlgorithm } from '../hashing/algorithms.ts';
import { hashFile } from '../hashing/file-hash.ts';
import { hashOpened } from '../hashing/hash-source.ts';
import { READ_ONLY } from '../open-mode.ts';
import type { Command, CommandContext } from './command.ts';

const STANDARD_INPUT = '-';
const FAILED = 1;

interface Arguments {
  readonly names: readonly string[];
  /** Between hash and name: `*` for binary, a blank for text, which is the same here. */
  readonly mark: string;
}

export function hashCommand(algorithm: HashAlgorithm): Command {
  return async ([command = '', ...words], context) => {
    const parsed = parseArguments(words);
    if (typeof parsed === 'string') {
      await context.writeError(`${command}: ${parsed}`);
      return FAILED;
    }
    const { names, mark } = parsed;
    const [first = STANDARD_INPUT] = names;
    if (names.length <= 1 && first === STANDARD_INPUT) return hashInput(algorithm, mark, context);
    let status = 0;
    for (const name of names) {
      if (!(await hashNamed(command, algorithm, name, mark, context))) status = FAILED;
    }
    return status;
  };
}

/** The file names, or what is wrong. */
function parseArguments(words: readonly string[]): Arguments | string {
  const names: string[] = [];
  let mark = ' ';
  let areOptions = true;
  for (const word of words) {
    if (!areOptions || word === STANDARD_INPUT || !word.startsWith('-')) names.push(word);
    else if (word === '--') areOptions = false;
    else if (word === '-b' || word === '--binary') mark = '*';
    else if (word === '-t' || word === '--text') mark = ' ';
    else return `the option ${word} is not served; give names of files`;
  }
  if (names.length > 1 && names.includes(STANDARD_INPUT)) return '- must be the only name';
  return { names, mark };
}

/** rclone asks what the hash of nothing is before it trusts a command. */
async function hashInput(algorithm: HashAlgorithm, mark: string, context: CommandContext): Promise<number> {
  const state = algorithm.create();
  await context.readInput((view) => state.update(view));
  await context.write(`${state.digest().toString('hex')} ${mark}${STANDARD_INPUT}\n`);
  return 0;
}

async function hashNamed(
  command: string,
  algorithm: HashAlgorithm,
  name: string,
  mark: string,
  context: CommandContext,
): Promise<boolean> {
  let path: VirtualPath | undefined;
  try {
    // As in SFTP: an empty name is nothing, not the home.
    if (name !== '') path = virtualPath(name, context.home);
    const digest = await hashPath(algorithm, path, context);
    await context.write(outputLine(digest, mark, name));
    return true;
  } catch (error) {
    await refuse(toFileError(error), command, name, path, context);
    return false;
  }
}

async function hashPath(
  algorithm: HashAlgorithm,
  path: VirtualPath | undefined,
  { fileSystem, hashes: queue, signal, observer }: CommandContext,
): Promise<Buffer> {
  if (path === undefined) throw new FileError('NOT_FOUND');
  if (signal.aborted) throw new FileError('ABORTED');
  const handle = await fileSystem.open(path, READ_ONLY, {});
  return hashOpened(handle, async (source, sizeBytes) => {
    const range = { position: 0, byteCount: sizeBytes, blockBytes: 0 };
    const digest = await hashFile({ source, algorithm, range, queue, signal });
    observer.hashed({ path, algorithm: algorithm.name, byteCount: sizeBytes });
    return digest;
  });
}

async function refuse(
  error: FileError,
  command: string,
  name: string,
  path: VirtualPath | undefined,
  context: CommandContext,
): Promise<void> {
  if (context.signal.aborted) return;
  context.observer.refused(
    path === undefined ? { operation: 'EXEC', error } : { operation: 'EXEC', path, error },
  );
  await context.writeError(`${command}: ${escapedName(name)}: ${error.message}`);
}

/** GNU puts a backslash in front of the line when the name had to be escaped. */
function outputLine(digest: Buffer, mark: string, name: string): string {
  const escaped = escapedName(name);
  return `${escaped === name ? '' : '\\'}${digest.toString('hex')} ${mark}${escaped}\n`;
}

function escapedName(name: string): string {
  return name.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r');
}
