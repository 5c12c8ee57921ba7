/** What the adapters share: is the program there, and which version is it. */

import { type ClientSession, MissingClient } from '../client.ts';
import { type Command, CommandError, runCommand } from '../lab/command.ts';

/** Runs a version command and takes what `pattern` finds in its output. @throws MissingClient */
export async function programVersion(command: Omit<Command, 'input'>, pattern: RegExp): Promise<string> {
  try {
    const { output, errorOutput } = await runCommand(command);
    const found = pattern.exec(output + errorOutput);
    if (found === null) throw new MissingClient(`${command.program} does not say its version`);
    return found[1] ?? found[0];
  } catch (error) {
    if (error instanceof CommandError && !command.signal.aborted)
      throw new MissingClient(`${command.program} is not installed`);
    throw error;
  }
}

/** For clients that connect for every call: nothing is open between calls. */
export function withoutConnection(session: Omit<ClientSession, keyof AsyncDisposable>): ClientSession {
  return { ...session, [Symbol.asyncDispose]: () => Promise.resolve() };
}

/** Every parent of a directory that a client may have to make one by one, outermost first, then itself. */
export function pathAndParents(directory: string): readonly string[] {
  const segments = directory.split('/').filter((segment) => segment !== '');
  return segments.map((_, index) => `/${segments.slice(0, index + 1).join('/')}`);
}
