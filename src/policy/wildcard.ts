/** Matches texts against `*` and `?` in time that no pattern can blow up. */

/** A string stands for itself, character by character. */
export type WildcardPiece = string | { readonly kind: 'any-text' } | { readonly kind: 'any-character' };

export type TextMatcher = (text: string) => boolean;

/**
 * Compiles a pattern. `*` is any text, also none; `?` is one UTF-16 code unit; both match `/`, `:` and line ends.
 *
 * There is no backtracking: between two `*` the first place that fits is as good as any later one. The time is at worst
 * the product of the lengths, which matters because the texts are file names that a client chooses.
 */
export function compileWildcard(pieces: readonly WildcardPiece[]): TextMatcher {
  const runs = runsOf(pieces);
  const [first, ...others] = runs;
  const last = others.pop();
  if (first === undefined) return (text) => text === '';
  if (last === undefined) return exactly(first);
  if (others.length === 0 && last.length === 0) return startsWith(first);
  return inOrder(first, others, last);
}

/** What stands between two `*`: characters at fixed distances. */
interface Run {
  readonly length: number;
  isAt(text: string, position: number): boolean;
  /** The first place at or after `from`, or -1. */
  indexIn(text: string, from: number): number;
}

function exactly(run: Run): TextMatcher {
  if (run instanceof PlainRun) return (text) => text === run.text;
  return (text) => text.length === run.length && run.isAt(text, 0);
}

function startsWith(run: Run): TextMatcher {
  if (run.length === 0) return () => true;
  return (text) => run.isAt(text, 0);
}

function inOrder(first: Run, middle: readonly Run[], last: Run): TextMatcher {
  const shortest = middle.reduce((sum, run) => sum + run.length, first.length + last.length);
  return (text) => {
    if (text.length < shortest || !first.isAt(text, 0)) return false;
    const lastStart = text.length - last.length;
    if (!last.isAt(text, lastStart)) return false;
    let position = first.length;
    for (const run of middle) {
      const found = run.indexIn(text, position);
      if (found === -1) return false;
      position = found + run.length;
    }
    return position <= lastStart;
  };
}

/** Splits at every `*`. Stars that follow each other leave an empty run between them, which is found at once. */
function runsOf(pieces: readonly WildcardPiece[]): Run[] {
  const runs: Run[] = [];
  let open = new RunBuilder();
  for (const piece of pieces) {
    if (typeof piece === 'string') {
      open.addText(piece);
    } else if (piece.kind === 'any-character') {
      open.addHole();
    } else {
      runs.push(open.build());
      open = new RunBuilder();
    }
  }
  runs.push(open.build());
  return runs;
}

class RunBuilder {
  #text = '';
  readonly #holes: number[] = [];

  addText(text: string): void {
    this.#text += text;
  }

  addHole(): void {
    this.#holes.push(this.#text.length);
    this.#text += '?';
  }

  build(): Run {
    return this.#holes.length === 0 ? new PlainRun(this.#text) : new HoledRun(this.#text, this.#holes);
  }
}

class PlainRun implements Run {
  readonly text: string;
  readonly length: number;

  constructor(text: string) {
    this.text = text;
    this.length = text.length;
  }

  isAt(text: string, position: number): boolean {
    return text.startsWith(this.text, position);
  }

  indexIn(text: string, from: number): number {
    return text.indexOf(this.text, from);
  }
}

class HoledRun implements Run {
  readonly length: number;
  readonly #text: string;
  readonly #isHole: readonly boolean[];

  constructor(text: string, holes: readonly number[]) {
    this.length = text.length;
    this.#text = text;
    const isHole = new Array<boolean>(text.length).fill(false);
    for (const hole of holes) isHole[hole] = true;
    this.#isHole = isHole;
  }

  isAt(text: string, position: number): boolean {
    if (position + this.length > text.length) return false;
    for (let at = 0; at < this.length; at++) {
      if (!this.#isHole[at] && text.charCodeAt(position + at) !== this.#text.charCodeAt(at)) return false;
    }
    return true;
  }

  indexIn(text: string, from: number): number {
    for (let position = from; position + this.length <= text.length; position++) {
      if (this.isAt(text, position)) return position;
    }
    return -1;
  }
}
