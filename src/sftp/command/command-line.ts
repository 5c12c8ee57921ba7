/** Splits a command line into words as a POSIX shell does, and does nothing else that a shell does. */

/** Most characters of a command line: a few of the longest paths with every character escaped. */
const MAX_COMMAND_CHARACTERS = 16 * 1024;

/** Characters that would run, join or redirect something. */
const OPERATORS = /[|&;<>()`\n]/;
/** Characters in whose place a shell would put something else, anywhere in a word or at its start. */
const EXPANSIONS = /[$*?[{]/;
const EXPANSIONS_AT_START = /[~#]/;
/** What a backslash takes the meaning from inside double quotes (XCU 2.2.3). */
const ESCAPABLE_IN_QUOTES = /[$`"\\\n]/;

export interface CommandWord {
  /** Without its quotes. */
  readonly text: string;
  /** Holds a variable or a pattern, which nobody expands here: not to be taken for the name of a file. */
  readonly wantsExpansion: boolean;
}

/** A command line is not one that is understood here. The message is for the client. */
export class CommandLineError extends Error {
  override readonly name = 'CommandLineError';
  readonly code = 'COMMAND_INVALID';
}

/** The words of a simple command (XCU 2.2, quoting). @throws CommandLineError */
export function parseCommandLine(text: string): readonly CommandWord[] {
  if (text.length > MAX_COMMAND_CHARACTERS) {
    throw new CommandLineError(`a command may have at most ${MAX_COMMAND_CHARACTERS} characters`);
  }
  // No program could be given it, quoted or not.
  if (text.includes('\0')) throw new CommandLineError('a command may not hold a NUL');
  return new Splitter(text).words();
}

class Splitter {
  readonly #text: string;
  readonly #words: CommandWord[] = [];
  #at = 0;
  /** The word being read; undefined between words, so that `''` is a word and a blank is none. */
  #word: string | undefined;
  #wantsExpansion = false;

  constructor(text: string) {
    this.#text = text;
  }

  words(): readonly CommandWord[] {
    while (this.#at < this.#text.length) this.#step(this.#take());
    this.#endWord();
    return this.#words;
  }

  #step(character: string): void {
    if (character === ' ' || character === '\t') return this.#endWord();
    if (character === '\\') return this.#escaped();
    if (character === "'") return this.#singleQuoted();
    if (character === '"') return this.#doubleQuoted();
    if (OPERATORS.test(character)) throw new CommandLineError('only one simple command is served at a time');
    const isFirst = this.#word === undefined;
    if (EXPANSIONS.test(character) || (isFirst && EXPANSIONS_AT_START.test(character))) {
      this.#wantsExpansion = true;
    }
    this.#append(character);
  }

  #escaped(): void {
    const character = this.#take();
    if (character === '') throw new CommandLineError('nothing follows the last backslash');
    // A line that goes on.
    if (character !== '\n') this.#append(character);
  }

  #singleQuoted(): void {
    const end = this.#text.indexOf("'", this.#at);
    if (end === -1) throw new CommandLineError("a ' has no partner");
    this.#append(this.#text.slice(this.#at, end));
    this.#at = end + 1;
  }

  #doubleQuoted(): void {
    this.#append('');
    for (;;) {
      const character = this.#take();
      if (character === '') throw new CommandLineError('a " has no partner');
      if (character === '"') return;
      if (character === '`') throw new CommandLineError('only one simple command is served at a time');
      if (character === '$') this.#wantsExpansion = true;
      if (character === '\\' && ESCAPABLE_IN_QUOTES.test(this.#peek())) this.#escaped();
      else this.#append(character);
    }
  }

  #append(text: string): void {
    this.#word = (this.#word ?? '') + text;
  }

  #endWord(): void {
    if (this.#word === undefined) return;
    this.#words.push({ text: this.#word, wantsExpansion: this.#wantsExpansion });
    this.#word = undefined;
    this.#wantsExpansion = false;
  }

  #peek(): string {
    return this.#text.charAt(this.#at);
  }

  /** The next UTF-16 unit: everything with a meaning is ASCII, halves of others stay side by side. */
  #take(): string {
    const character = this.#peek();
    this.#at += 1;
    return character;
  }
}
