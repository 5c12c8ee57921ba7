/** The structured log: one JSON object a line, on standard error unless told otherwise. */

import { type DestinationStream, destination, type LevelWithSilent, type Logger, pino } from 'pino';

export type LogLevel = Extract<LevelWithSilent, 'debug' | 'info' | 'warn' | 'error' | 'silent'>;

export type LogFields = Readonly<Record<string, unknown>>;

/** What rooms are given. The message is a constant; what varies goes into the fields. */
export interface Log {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  /** A log that adds `fields` to every line. */
  child(fields: LogFields): Log;
}

/** Last line of defence: no field of these names is ever written, however deep a caller buried it. */
const SECRET_FIELDS: ReadonlySet<string> = new Set([
  'password',
  'Password',
  'userPassword',
  'passphrase',
  'secret',
  'secretAccessKey',
  'sessionToken',
  'privateKey',
  'authorization',
]);
const CENSORED = '[secret]';
/** Objects deeper than this are left out: nothing that is logged on purpose is. */
const MAX_DEPTH = 8;

const STANDARD_ERROR = 2;
/** Lines that may wait where writing fails; further ones are dropped. */
const MAX_WAITING_BYTES = 1024 * 1024;

/** Lines are written at once: what a crash is preceded by must not be lost in a buffer. */
export function logStream(fd: number): DestinationStream {
  const stream = destination({ fd, sync: true, maxLength: MAX_WAITING_BYTES });
  // Without a listener a full disk would throw into whoever logs, and end connections or the process.
  stream.on('error', () => undefined);
  return stream;
}

export function createLog(options: { readonly level: LogLevel; readonly stream?: DestinationStream }): Log {
  const logger = pino(
    {
      level: options.level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: {
        level: (label) => ({ level: label }),
        log: (fields) => censored(fields, 0),
      },
    },
    options.stream ?? logStream(STANDARD_ERROR),
  );
  return asLog(logger);
}

/** pino looks at the fields of a line, and not at those that a child adds to all of its lines. */
function asLog(logger: Logger): Log {
  return {
    debug: (fields, message) => logger.debug(fields, message),
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
    child: (fields) => asLog(logger.child(censored(fields, 0))),
  };
}

/** The fields without secrets: a copy only where there is one. Every file of a user writes two lines, so this is quick. */
function censored(fields: LogFields, depth: number): Record<string, unknown> {
  let copy: Record<string, unknown> | undefined;
  for (const [name, value] of Object.entries(fields)) {
    const shown = SECRET_FIELDS.has(name) ? CENSORED : censoredValue(value, depth);
    if (shown === value) continue;
    copy ??= { ...fields };
    copy[name] = shown;
  }
  return copy ?? fields;
}

function censoredValue(value: unknown, depth: number): unknown {
  if (!isMembers(value)) return value;
  if (depth === MAX_DEPTH) return '[too deep]';
  if (!Array.isArray(value)) return censored(value, depth + 1);
  const items: readonly unknown[] = value;
  return items.map((item) => censoredValue(item, depth + 1));
}

/** Dates and errors are written as they write themselves. */
function isMembers(value: unknown): value is LogFields {
  return typeof value === 'object' && value !== null && !(value instanceof Date || value instanceof Error);
}

/** An error as fields of a log line: code and message, and the same of what caused it. */
export function errorFields(error: unknown): LogFields {
  if (!(error instanceof Error)) return { error: String(error) };
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {};
  const cause = error.cause === undefined ? {} : { cause: errorFields(error.cause) };
  return { ...code, error: error.message, ...cause };
}
