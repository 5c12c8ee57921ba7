/** A password that must not be seen anywhere, how it would look if it were, and a watch on what processes show of themselves. */

import { readdirSync, readFileSync } from 'node:fs';

/** The part of the canary that survives every way of escaping text. */
const CORE = 'cAnary7f31Kz';
/** Characters that JSON, shells, URLs, forms and regular expressions write in other ways; all of them fit into a header. */
export const RIGHT = `${CORE}- "'\\+%/&=<x>$1`;
/** Wrong, for providers that judge nothing but ASCII. */
export const ALMOST_RIGHT = `${RIGHT}x`;
/** Not in ASCII: it travels in `PasswordBase64` alone. */
export const WRONG = `${CORE}-wrong-é€😀`;
/** Printed as it is, it ends in the middle of a line of the log. */
export const OF_TWO_LINES = `${CORE}-first\r\n${CORE}-second`;

const ALIGNMENTS = [0, 1, 2];
const SAMPLE_PERIOD_MS = 50;

/** What of base64 stays the same wherever in the encoded text the bytes stand, but for their place modulo three. */
function base64Cores(text: string): readonly string[] {
  return ALIGNMENTS.map((offset) => {
    const encoded = Buffer.from(' '.repeat(offset) + text).toString('base64url');
    return encoded.slice(offset === 0 ? 0 : offset + 1, -3);
  });
}

const hex = Buffer.from(CORE).toString('hex');
const FORMS = [...base64Cores(CORE), hex, hex.toUpperCase(), hex.replace(/(..)(?!$)/g, '$1 ')];

/** Every place with the canary in it, a few characters around each. */
export function leaksIn(text: string): readonly string[] {
  const lowerCased = text.toLowerCase();
  const found = FORMS.map((form) => text.indexOf(form));
  found.push(lowerCased.indexOf(CORE.toLowerCase()));
  return found.filter((at) => at >= 0).map((at) => text.slice(Math.max(0, at - 120), at + 60));
}

/** Looks again and again at the arguments and the environment of this process and all that descend from it. */
export class ProcessWatch {
  readonly leaks: string[] = [];
  /** Command lines that were seen. */
  readonly commands = new Set<string>();
  readonly #timer: NodeJS.Timeout;

  constructor() {
    this.#timer = setInterval(() => this.#look(), SAMPLE_PERIOD_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    for (const pid of descendantsOf(process.pid)) {
      const command = readProcess(pid, 'cmdline').replaceAll('\0', ' ');
      this.commands.add(command);
      this.leaks.push(...leaksIn(command), ...leaksIn(readProcess(pid, 'environ')));
    }
  }
}

/** The processes that descend from one, itself among them. */
export function descendantsOf(root: number): readonly number[] {
  const parents = new Map(
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      // proc(5): the name of the program stands in brackets and may hold anything; the parent is the second after it.
      .map((name) => [
        Number(name),
        Number(readProcess(Number(name), 'stat').split(') ').at(-1)?.split(' ')[1]),
      ]),
  );
  const isBelow = (pid: number | undefined): boolean =>
    pid === root || (pid !== undefined && pid !== 0 && isBelow(parents.get(pid)));
  return [...parents.keys()].filter(isBelow);
}

/** Empty where the process is gone or another user's. */
export function readProcess(pid: number, file: 'cmdline' | 'environ' | 'stat'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}
