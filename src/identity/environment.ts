/** The configuration of a built-in provider where there is no drawbridge.yaml: from the environment, as on Lambda. */

import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { z } from 'zod';
import { type BuiltInProvider, builtInProvider } from './configuration.ts';
import { IdentityFault } from './decision.ts';

/** The whole configuration as YAML or JSON. */
const TEXT = 'DRAWBRIDGE_IDENTITY';
/** A file that holds it. */
const FILE = 'DRAWBRIDGE_IDENTITY_FILE';
/** Name of the provider, whose options then have variables of their own. */
const PROVIDER = 'DRAWBRIDGE_PROVIDER';
/** Beside `DRAWBRIDGE_PROVIDER`: the other members of the configuration, as YAML or JSON. */
const PARTS = { DRAWBRIDGE_PROFILES: 'profiles', DRAWBRIDGE_RULES: 'rules' } as const;

/** Variables of others that look like options of the provider `http`. */
const NO_OPTIONS: ReadonlySet<string> = new Set(['HTTP_PROXY']);
/** Aliases of aliases must not grow without end. */
const MAX_ALIAS_COUNT = 100;

export type Environment = Readonly<Record<string, string | undefined>>;

/** @throws IdentityFault CONFIGURATION_INVALID with one line for each problem */
export async function readConfiguration(environment: Environment): Promise<BuiltInProvider> {
  const { [TEXT]: text, [FILE]: file, [PROVIDER]: provider } = environment;
  const given = [TEXT, FILE, PROVIDER].filter((name) => environment[name] !== undefined);
  if (given.length !== 1)
    throw invalid(
      `One of ${TEXT}, ${FILE} and ${PROVIDER} has to be set; set are: ${given.join(', ') || 'none'}.`,
    );
  if (text !== undefined) return checked(readText(text, TEXT));
  if (file !== undefined) return checked(readText(await readFileText(file), file));
  return optionsFromEnvironment(provider ?? '', environment);
}

/**
 * `OKTA_ORG_URL` is the option `orgUrl` of the provider `okta`. A value that the option does not take as text is read as
 * JSON: numbers, booleans, lists, members.
 * @throws IdentityFault CONFIGURATION_INVALID
 */
export function optionsFromEnvironment(provider: string, environment: Environment): BuiltInProvider {
  const prefix = `${provider.toUpperCase().replaceAll('-', '_')}_`;
  const options: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined || NO_OPTIONS.has(name) || !name.startsWith(prefix)) continue;
    options[optionName(name.slice(prefix.length))] = value;
  }
  const parts = Object.entries(PARTS).flatMap(([name, member]) => {
    const value = environment[name];
    return value === undefined ? [] : [[member, readText(value, name)]];
  });
  const configuration = { provider, options, ...Object.fromEntries(parts) };
  const first = builtInProvider.safeParse(configuration);
  if (first.success) return first.data;
  for (const { path } of first.error.issues) readAsJson(options, path);
  return checked(configuration);
}

/** `SIGN_IN_DOMAIN` → `signInDomain` */
function optionName(variable: string): string {
  return variable.toLowerCase().replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** Replaces the option that the problem is about, if its text is JSON. */
function readAsJson(options: Record<string, unknown>, [member, name]: readonly PropertyKey[]): void {
  if (member !== 'options' || typeof name !== 'string') return;
  const text = options[name];
  if (typeof text !== 'string') return;
  try {
    options[name] = JSON.parse(text);
  } catch {
    // It stays what it is, and the second check says what is wrong with it.
  }
}

function checked(value: unknown): BuiltInProvider {
  const read = builtInProvider.safeParse(value);
  if (read.success) return read.data;
  throw invalid(z.prettifyError(read.error));
}

function readText(text: string, name: string): unknown {
  try {
    return parse(text, { maxAliasCount: MAX_ALIAS_COUNT, uniqueKeys: true, prettyErrors: false });
  } catch {
    // The error of the parser may quote a line with a secret in it.
    throw invalid(`${name} is neither YAML nor JSON.`);
  }
}

async function readFileText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw invalid(`${file} cannot be read: ${cause instanceof Error ? cause.message : 'unknown error'}.`);
  }
}

function invalid(detail: string): IdentityFault {
  return new IdentityFault('CONFIGURATION_INVALID', detail);
}
