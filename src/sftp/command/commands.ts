/** The commands that there are in place of a shell: what rclone and scripts run to compare files. */

import { FileError, toFileError } from '../../files/error.ts';
import { virtualPath } from '../../files/virtual-path.ts';
import { HASH_ALGORITHMS, type HashAlgorithm } from '../hashing/algorithms.ts';
import type { Command, CommandContext } from './command.ts';
import { CommandLineError, type CommandWord, parseCommandLine } from './command-line.ts';
import { hashCommand } from './hash-command.ts';

/** Exit statuses as shells have them: refused, not understood, not found. */
const REFUSED = 1;
const NOT_UNDERSTOOD = 2;
const NOT_FOUND = 127;
/** Of a command's name in messages and in the log: it is the client's text, and the rest may hold anything. */
const MAX_NAME_CHARACTERS = 32;

const changeDirectory: Command = async ([, name = '.'], { fileSystem, home, observer, writeError }) => {
  try {
    const { type } = await fileSystem.stat(virtualPath(name, home), { followLinks: true });
    if (type !== 'directory') throw new FileError('NOT_A_DIRECTORY');
    return 0;
  } catch (cause) {
    const error = toFileError(cause);
    observer.refused({ operation: 'EXEC', error });
    await writeError(`cd: ${error.message}`);
    return REFUSED;
  }
};

const printDirectory: Command = async (_words, { home, write }) => {
  await write(`${home}\n`);
  return 0;
};

/** rclone looks at what a shell makes of variables in it: here they stay as they are, which it takes for a Unix shell. */
const echo: Command = async ([, ...words], { write }) => {
  await write(`${words.join(' ')}\n`);
  return 0;
};

function commandName({ name }: HashAlgorithm): string {
  return name === 'crc32' ? name : `${name}sum`;
}

const HASH_COMMANDS: ReadonlyMap<string, Command> = new Map(
  [...HASH_ALGORITHMS.values()].map((algorithm) => [commandName(algorithm), hashCommand(algorithm)]),
);

/** `rclone hashsum sha256`, `rclone md5sum`: the only names by which newer rclones look for some hashes. */
const rclone: Command = async ([, ...words], context) => {
  const [verb = '', kind = ''] = words;
  const isNamed = verb === 'hashsum';
  const algorithm = HASH_ALGORITHMS.get(isNamed ? kind : verb.replace(/sum$/, ''));
  const rest = words.slice(isNamed ? 2 : 1);
  if (algorithm !== undefined) return hashCommand(algorithm)(['rclone', ...rest], context);
  await context.writeError('rclone: only hashsum is served here');
  return NOT_FOUND;
};

const COMMANDS: ReadonlyMap<string, Command> = new Map<string, Command>([
  ['cd', changeDirectory],
  ['pwd', printDirectory],
  ['echo', echo],
  ['rclone', rclone],
  ...HASH_COMMANDS,
]);

/** Programs that people come with, and what does the same here. */
const ALTERNATIVES: ReadonlyMap<string, string> = new Map([
  ['scp', 'the old SCP protocol is not served: use scp without -O, or sftp'],
  ['rsync', 'rsync is not served: use sftp, or rclone with its sftp backend'],
  ['sftp-server', 'ask for the subsystem sftp in place of a command'],
]);

const SERVED = [...HASH_COMMANDS.keys()].join(', ');

/** Runs one command line. @returns the exit status. Rejects only when the channel is gone or something is broken */
export async function runCommand(text: string, context: CommandContext): Promise<number> {
  const words = understood(text);
  if (typeof words === 'string') {
    await context.writeError(words);
    return NOT_UNDERSTOOD;
  }
  const name = shownName(words[0]?.text ?? '');
  const command = COMMANDS.get(words[0]?.text ?? '');
  if (command === undefined) return refuse(name, context);
  const inPlace = words.find(({ wantsExpansion }) => wantsExpansion);
  if (inPlace !== undefined && command !== echo) {
    await context.writeError(
      `${name}: variables and patterns are not expanded: quote or write out the names`,
    );
    return NOT_UNDERSTOOD;
  }
  return command(
    words.map((word) => word.text),
    context,
  );
}

/** The words, or what is wrong. At once: a command that reads its input must not miss the beginning. */
function understood(text: string): readonly CommandWord[] | string {
  try {
    return parseCommandLine(text);
  } catch (error) {
    if (error instanceof CommandLineError) return error.message;
    throw error;
  }
}

async function refuse(name: string, { observer, writeError }: CommandContext): Promise<number> {
  const program = name.slice(name.lastIndexOf('/') + 1);
  const alternative = ALTERNATIVES.get(program);
  const error = new FileError('NOT_SUPPORTED', alternative ?? `the command ${name} is not served`);
  observer.refused({ operation: 'EXEC', error });
  if (alternative !== undefined) {
    await writeError(`${program}: ${alternative}`);
    return REFUSED;
  }
  await writeError(`${name}: command not found: this service serves sftp, and the commands ${SERVED}`);
  return NOT_FOUND;
}

function shownName(text: string): string {
  return text.slice(0, MAX_NAME_CHARACTERS).replace(/[^\x21-\x7e]/g, '?');
}
