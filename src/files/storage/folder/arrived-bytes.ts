/** How much of an upload is there without a gap, while clients write out of order. */

/**
 * Ranges kept beyond the first gap. Clients that send in order need none, those with many requests on their way a few;
 * who writes all over the file has the farthest ones forgotten, so that too little counts as arrived and never too much.
 */
const MAX_LATER_RANGES = 1024;

interface Range {
  readonly start: number;
  readonly end: number;
}

export class ArrivedBytes {
  #end: number;
  /** Sorted, apart from each other and from `#end`. */
  #later: readonly Range[] = [];

  /** @param presentBytes what is there from the beginning */
  constructor(presentBytes: number) {
    this.#end = presentBytes;
  }

  /** Bytes from the beginning of the file to the first gap. */
  get endWithoutGap(): number {
    return this.#end;
  }

  add(start: number, end: number): void {
    if (start > this.#end) {
      this.#later = merged(this.#later, { start, end }).slice(0, MAX_LATER_RANGES);
      return;
    }
    this.#end = Math.max(this.#end, end);
    if (this.#later.length > 0) this.#join();
  }

  /** The file was cut. */
  cut(sizeBytes: number): void {
    this.#end = Math.min(this.#end, sizeBytes);
    this.#later = this.#later
      .filter(({ start }) => start < sizeBytes)
      .map(({ start, end }) => ({ start, end: Math.min(end, sizeBytes) }));
  }

  #join(): void {
    const gap = this.#later.findIndex(({ start, end }) => {
      if (start > this.#end) return true;
      this.#end = Math.max(this.#end, end);
      return false;
    });
    this.#later = gap === -1 ? [] : this.#later.slice(gap);
  }
}

function merged(ranges: readonly Range[], added: Range): readonly Range[] {
  const before = ranges.filter(({ end }) => end < added.start);
  const after = ranges.filter(({ start }) => start > added.end);
  const touching = ranges.slice(before.length, ranges.length - after.length);
  const start = Math.min(added.start, ...touching.map((range) => range.start));
  const end = Math.max(added.end, ...touching.map((range) => range.end));
  return [...before, { start, end }, ...after];
}
