/** What is wrong with a configuration, in lines that name the place, the cause and the fix. */

export type Path = readonly (string | number)[];

export interface Problem {
  /** Line in the file, from 1; absent when there is no file or no such place in it. */
  readonly line?: number;
  readonly path: Path;
  readonly message: string;
}

export type ConfigurationErrorCode =
  /** The file does not exist or cannot be read. */
  | 'FILE_UNREADABLE'
  | 'FILE_TOO_LARGE'
  /** The file is not YAML, or uses YAML in a way that is not accepted. */
  | 'SYNTAX'
  /** A value uses an environment variable that is not set, or writes it wrongly. */
  | 'VARIABLE'
  /** Keys or values are not what the schema asks for. */
  | 'INVALID';

/** The configuration cannot be used. The message holds one line for each problem. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  readonly code: ConfigurationErrorCode;
  readonly problems: readonly Problem[];

  constructor(
    code: ConfigurationErrorCode,
    source: string,
    problems: readonly Problem[],
    options?: ErrorOptions,
  ) {
    super(problems.map((problem) => formatProblem(source, problem)).join('\n'), options);
    this.code = code;
    this.problems = problems;
  }
}

function formatProblem(source: string, { line, path, message }: Problem): string {
  const place = line === undefined ? source : `${source}:${line}`;
  return path.length === 0 ? `${place}: ${message}` : `${place}: ${formatPath(path)}: ${message}`;
}

/** `servers[0].listen.SFTP`; a key that is not one plain word is quoted: `roles["arn:aws:…"].policy`. */
export function formatPath(path: Path): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    if (!/^[A-Za-z_][\w-]*$/.test(part)) return `${text}[${JSON.stringify(part)}]`;
    return text === '' ? part : `${text}.${part}`;
  }, '');
}

/** Something that does not fit elsewhere in the configuration. */
export interface Mismatch {
  readonly path: Path;
  readonly message: string;
}
