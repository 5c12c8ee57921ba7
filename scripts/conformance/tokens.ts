/** Cuts TypeScript into the few kinds of tokens that finding test names needs; comments and spaces fall away. */

export type Token =
  | { readonly kind: 'word'; readonly text: string }
  /** A string or template; every `${…}` of a template reads as `…`. */
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'sign'; readonly text: string }
  /** A number or a regular expression: nothing to look at. */
  | { readonly kind: 'other'; readonly text: string };

const HOLE = '…';
/** Words behind which a slash begins a regular expression and is no division. */
const WORDS_BEFORE_EXPRESSION = new Set(['return', 'typeof', 'case', 'of', 'in', 'await', 'void', 'throw']);
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', 0: '\0', '\n': '' };

/** @throws Error with the line where the text does not end what it began */
export function tokens(source: string): Token[] {
  return new Scanner(source).all();
}

class Scanner {
  readonly #source: string;
  #at = 0;

  constructor(source: string) {
    this.#source = source;
  }

  all(): Token[] {
    return this.#until(undefined);
  }

  /** Tokens to the end, or to the `}` that closes a hole of a template. */
  #until(closing: '}' | undefined): Token[] {
    const found: Token[] = [];
    let depth = 0;
    for (;;) {
      this.#skipBlanks();
      if (this.#at >= this.#source.length) {
        if (closing !== undefined) throw this.#unfinished('template');
        return found;
      }
      if (closing !== undefined && depth === 0 && this.#source[this.#at] === closing) return found;
      const token = this.#next(found.at(-1));
      if (token.kind === 'sign' && token.text === '{') depth++;
      if (token.kind === 'sign' && token.text === '}') depth--;
      found.push(token);
    }
  }

  #skipBlanks(): void {
    const blank = /(?:\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*/y;
    blank.lastIndex = this.#at;
    blank.exec(this.#source);
    this.#at = blank.lastIndex;
  }

  #next(previous: Token | undefined): Token {
    const first = this.#source[this.#at] ?? '';
    if (first === "'" || first === '"') return this.#string(first);
    if (first === '`') return this.#template();
    const word = this.#match(/[\p{ID_Start}_$#@][\p{ID_Continue}$]*/uy);
    if (word !== undefined) return { kind: 'word', text: word };
    const number = this.#match(/\d[\w.]*/y);
    if (number !== undefined) return { kind: 'other', text: number };
    if (first === '/' && beginsExpression(previous)) return this.#regularExpression();
    this.#at++;
    return { kind: 'sign', text: first };
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#source)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #string(quote: string): Token {
    let text = '';
    for (this.#at++; this.#source[this.#at] !== quote; ) {
      if (this.#at >= this.#source.length || this.#source[this.#at] === '\n')
        throw this.#unfinished('string');
      text += this.#character();
    }
    this.#at++;
    return { kind: 'text', text };
  }

  #template(): Token {
    let text = '';
    for (this.#at++; this.#source[this.#at] !== '`'; ) {
      if (this.#at >= this.#source.length) throw this.#unfinished('template');
      if (this.#source.startsWith('${', this.#at)) {
        this.#at += 2;
        this.#until('}');
        this.#at++;
        text += HOLE;
      } else text += this.#character();
    }
    this.#at++;
    return { kind: 'text', text };
  }

  /** One character of a string or template, its escape undone. */
  #character(): string {
    const character = this.#source[this.#at++] ?? '';
    if (character !== '\\') return character;
    const code = this.#match(/x([\da-fA-F]{2})|u([\da-fA-F]{4})|u\{([\da-fA-F]+)\}/y);
    if (code !== undefined) return String.fromCodePoint(Number.parseInt(code.replace(/[xu{}]/g, ''), 16));
    const escaped = this.#source[this.#at++] ?? '';
    return ESCAPES[escaped] ?? escaped;
  }

  #regularExpression(): Token {
    const text = this.#match(/\/(?:\\.|\[(?:\\.|[^\]\n])*\]|[^/\n\\[])+\/\w*/y);
    if (text === undefined) throw this.#unfinished('regular expression');
    return { kind: 'other', text };
  }

  #unfinished(what: string): Error {
    const line = this.#source.slice(0, this.#at).split('\n').length;
    return new Error(`line ${line}: a ${what} does not end`);
  }
}

function beginsExpression(previous: Token | undefined): boolean {
  if (previous === undefined) return true;
  if (previous.kind === 'word') return WORDS_BEFORE_EXPRESSION.has(previous.text);
  return previous.kind === 'sign' && previous.text !== ')' && previous.text !== ']' && previous.text !== '}';
}
