/** Turns what a function prints into log lines: bounded in length and rate, without passwords. */

import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import type { Scrubber } from '../scrubber.ts';

/** Longest line that is handed on, in characters. */
const MAX_LINE_CHARACTERS = 4096;
/** How much of an unfinished line is kept; longer than a line and the longest printed form of a password together. */
const MAX_PENDING_CHARACTERS = 64 * 1024;
/** Lines per second and stream that are handed on; the rest is counted. */
const MAX_LINES_PER_SECOND = 100;
/** Bytes per second and stream that are read; then the stream rests, and a flooding function waits for its own pipe. */
const MAX_BYTES_PER_SECOND = 1024 * 1024;
const WINDOW_MS = 1000;

export interface FunctionOutputOptions {
  /** Asked for every line, because the passwords to look for change with every invocation. */
  readonly scrubber: () => Scrubber;
  readonly onLine: (line: string) => void;
}

/** Reads one stream to its end. */
export class FunctionOutput {
  readonly #stream: Readable;
  readonly #options: FunctionOutputOptions;
  readonly #decoder = new StringDecoder('utf8');
  #pending = '';
  #lineCount = 0;
  #droppedLineCount = 0;
  #byteCount = 0;
  #window: NodeJS.Timeout | undefined;

  constructor(stream: Readable, options: FunctionOutputOptions) {
    this.#stream = stream;
    this.#options = options;
    stream.on('data', (chunk: Buffer) => this.#read(chunk));
    stream.on('end', () => this.#end());
    // A pipe that breaks when the process is killed is the same as its end.
    stream.on('error', () => this.#end());
  }

  #read(chunk: Buffer): void {
    this.#window ??= setTimeout(() => this.#startWindow(), WINDOW_MS).unref();
    this.#byteCount += chunk.length;
    if (this.#byteCount > MAX_BYTES_PER_SECOND) this.#stream.pause();
    const lines = this.#decoder.write(chunk).split('\n');
    const last = lines.pop() ?? '';
    for (const line of lines) {
      this.#hand(this.#pending + line);
      this.#pending = '';
    }
    this.#pending = (this.#pending + last).slice(0, MAX_PENDING_CHARACTERS);
  }

  #startWindow(): void {
    this.#window = undefined;
    this.#lineCount = 0;
    this.#byteCount = 0;
    this.#reportDropped();
    this.#stream.resume();
  }

  #hand(line: string): void {
    const text = line.trimEnd();
    if (text === '') return;
    if (this.#lineCount >= MAX_LINES_PER_SECOND) {
      this.#droppedLineCount += 1;
      return;
    }
    this.#lineCount += 1;
    this.#options.onLine(this.#options.scrubber().excerpt(text, MAX_LINE_CHARACTERS));
  }

  #reportDropped(): void {
    if (this.#droppedLineCount === 0) return;
    this.#options.onLine(`[${this.#droppedLineCount} more lines in this second are not shown]`);
    this.#droppedLineCount = 0;
  }

  #end(): void {
    clearTimeout(this.#window);
    this.#hand(this.#pending + this.#decoder.end());
    this.#pending = '';
    this.#reportDropped();
  }
}
