/** Reads the configuration: file, environment variables, schema, paths. What comes out is complete and frozen. */

import { open } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { z } from 'zod';
import { embeddedConfiguration } from './embedded.ts';
import { explainIssue, flatIssues, toProblems } from './explain.ts';
import { ConfigurationError, type Path, type Problem } from './problem.ts';
import { serverIdAt } from './references.ts';
import { configurationSchema, type ParsedConfiguration } from './schema.ts';
import { fileTooLarge, MAX_FILE_BYTES, parseSource, type Source } from './source.ts';
import { type Environment, type Substitution, substituteVariables } from './variables.ts';

type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T;

type ServerConfigurationParts = Omit<ParsedConfiguration['servers'][number], 'ServerId'> & {
  ServerId: string;
};

/** One server of the configuration; `ServerId` is filled in. */
export type ServerConfiguration = DeepReadonly<ServerConfigurationParts>;

/** A checked configuration: defaults filled in, all paths absolute. */
export type Configuration = DeepReadonly<
  Omit<ParsedConfiguration, 'servers'> & {
    /** `embedded`: there is no file, and the demo has to be set up. */
    origin: 'file' | 'embedded';
    /** What relative paths in the options of built-in providers begin at: the folder of the file. */
    folder: string;
    servers: ServerConfigurationParts[];
  }
>;

export interface ConfigurationOptions {
  /** Without it the embedded default is used. */
  readonly file?: string;
  /** Takes the place of `data`; relative to the working directory. */
  readonly dataOverride?: string;
  readonly environment: Environment;
}

/** @throws ConfigurationError with one line for each problem */
export async function loadConfiguration(options: ConfigurationOptions): Promise<Configuration> {
  const { file, dataOverride, environment } = options;
  const data = dataOverride === undefined ? undefined : resolve(dataOverride);
  if (file === undefined) {
    const value = embeddedConfiguration(data ?? resolve('data'));
    return complete(
      check(value, [], embeddedSource(value), 'embedded configuration'),
      process.cwd(),
      'embedded',
    );
  }
  const source = parseSource(await readText(file), file);
  const { value, wholePaths, problems } = substituteVariables(source.value, environment);
  if (problems.length > 0) throw new ConfigurationError('VARIABLE', file, withLines(problems, source));
  const parsed = check(value, wholePaths, source, file);
  return complete(data === undefined ? parsed : { ...parsed, data }, dirname(resolve(file)), 'file');
}

/** Reads at most the size limit, whatever is behind the name: a file, a pipe of the shell, a device. */
async function readText(file: string): Promise<string> {
  const bytes = Buffer.alloc(MAX_FILE_BYTES + 1);
  let byteCount = 0;
  try {
    await using handle = await open(file);
    for (;;) {
      const { bytesRead } = await handle.read(bytes, byteCount, bytes.length - byteCount, null);
      byteCount += bytesRead;
      if (bytesRead === 0 || byteCount === bytes.length) break;
    }
  } catch (cause) {
    const message = `cannot be read: ${cause instanceof Error ? cause.message : 'unknown error'}`;
    throw new ConfigurationError('FILE_UNREADABLE', file, [{ path: [], message }], { cause });
  }
  if (byteCount > MAX_FILE_BYTES) throw fileTooLarge(file);
  return decode(bytes.subarray(0, byteCount), file);
}

function decode(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    const message = 'is not UTF-8 text; save it as UTF-8';
    throw new ConfigurationError('SYNTAX', file, [{ path: [], message }], { cause });
  }
}

function check(
  value: unknown,
  wholePaths: Substitution['wholePaths'],
  source: Source,
  name: string,
): ParsedConfiguration {
  const first = parse(value);
  if (first.success) return first.data;
  const second = setNumbers(value, first.error.issues, wholePaths) ? parse(value) : first;
  if (second.success) return second.data;
  throw new ConfigurationError('INVALID', name, withLines(toProblems(second.error.issues), source));
}

function parse(value: unknown): z.ZodSafeParseResult<ParsedConfiguration> {
  return configurationSchema.safeParse(value, { error: explainIssue, reportInput: true });
}

/**
 * Environment variables are text. One that stands alone where the schema wants a number is read as a number; everywhere
 * else it stays text, so `KEY: ${PIN}` keeps its leading zeros.
 */
function setNumbers(
  root: unknown,
  issues: readonly z.core.$ZodIssue[],
  wholePaths: readonly Path[],
): boolean {
  const settings = flatIssues(issues)
    .filter(
      (issue) => issue.code === 'invalid_type' && (issue.expected === 'number' || issue.expected === 'int'),
    )
    .filter((issue) => wholePaths.some((path) => samePath(path, issue.path)))
    .map((issue) => setNumber(root, issue.path));
  return settings.includes(true);
}

function setNumber(root: unknown, path: readonly PropertyKey[]): boolean {
  const last = path.at(-1);
  const parent = path.slice(0, -1).reduce<unknown>(memberOf, root);
  const text = last === undefined ? undefined : memberOf(parent, last);
  if (last === undefined || typeof text !== 'string' || !/^-?\d{1,15}$/.test(text)) return false;
  return typeof parent === 'object' && parent !== null && Reflect.set(parent, last, Number(text));
}

function memberOf(value: unknown, key: PropertyKey): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}

function samePath(a: Path, b: readonly PropertyKey[]): boolean {
  return a.length === b.length && a.every((part, index) => part === b[index]);
}

function withLines(problems: readonly Problem[], source: Source): readonly Problem[] {
  return problems.map((problem) => {
    const line = source.lineOf(problem.path);
    return line === undefined ? problem : { ...problem, line };
  });
}

function embeddedSource(value: unknown): Source {
  return { value, lineOf: () => undefined };
}

function complete(
  parsed: ParsedConfiguration,
  folder: string,
  origin: Configuration['origin'],
): Configuration {
  const { storage, functions, servers, ...rest } = parsed;
  const inFolder = <T extends { path: string }>(place: T) => ({
    ...place,
    path: resolve(folder, place.path),
  });
  const configuration: Configuration = {
    ...rest,
    origin,
    folder: resolve(folder),
    data: resolve(folder, parsed.data),
    storage: {
      ...storage,
      buckets: mapValues(storage.buckets, (bucket) => ('path' in bucket ? inFolder(bucket) : bucket)),
      fileSystems: mapValues(storage.fileSystems, inFolder),
    },
    functions: mapValues(functions, (each) => inFunctionFolder(each, folder)),
    servers: servers.map(({ HostKeys, ...server }, index) => ({
      ...server,
      ServerId: server.ServerId ?? serverIdAt(index),
      ...(HostKeys === undefined ? {} : { HostKeys: HostKeys.map((file) => resolve(folder, file)) }),
    })),
  };
  freezeDeep(configuration);
  return configuration;
}

type ParsedFunction = ParsedConfiguration['functions'][string];

/** The options of a built-in provider keep their paths: the provider resolves them where it runs. */
function inFunctionFolder(parsed: ParsedFunction, folder: string): ParsedFunction {
  if ('module' in parsed) return { ...parsed, module: resolve(folder, parsed.module) };
  return 'command' in parsed ? { ...parsed, folder: resolve(folder, parsed.folder) } : parsed;
}

function mapValues<T, U>(record: Readonly<Record<string, T>>, map: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}

function freezeDeep(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const member of Object.values(value)) freezeDeep(member);
}
