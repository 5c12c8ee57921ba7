/** What is known of the process of a built-in provider: its configuration, its limits, its environment. */

import type { FunctionArn } from '../function-arn.ts';
import type { FunctionLine } from './function-settings.ts';

export interface BuiltInSettings {
  readonly functionArn: FunctionArn;
  /** What `builtInProvider` accepts, as JSON: it travels to the process and is checked there. */
  readonly configuration: unknown;
  /** Absolute; paths in options are relative to it. */
  readonly folder: string;
  /** Beside what the process gets of the server's own environment. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Longest time for one answer. Default 10 s. */
  readonly timeoutMs?: number;
  /** Limit of the JavaScript heap. Default 256 MiB. */
  readonly memoryMegabytes?: number;
  /** Receives what the process prints. */
  readonly onLine: (line: FunctionLine) => void;
  /** The program of the process; tests have one of their own. */
  readonly hostPath?: string;
}

/** Where programs are, whose certificates are trusted, how the network is reached. */
const PASSED_VARIABLES: ReadonlySet<string> = new Set([
  'PATH',
  'HOME',
  'TZ',
  'NODE_EXTRA_CA_CERTS',
  'NODE_USE_ENV_PROXY',
  'NODE_USE_SYSTEM_CA',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'ALL_PROXY',
  'NO_PROXY',
]);

/**
 * Unlike a module's process it gets the server's AWS credentials and home: the provider is our own code, and its operator
 * expects the usual credential chain. Nothing else of the server's environment is passed on.
 */
export function builtInEnvironment(
  { environment }: Pick<BuiltInSettings, 'environment'>,
  serverEnvironment: NodeJS.ProcessEnv,
): NodeJS.ProcessEnv {
  const passed = Object.entries(serverEnvironment).filter(
    // Proxy variables are written in small letters as often.
    ([name]) =>
      name.startsWith('AWS_') || PASSED_VARIABLES.has(name) || PASSED_VARIABLES.has(proxyName(name)),
  );
  return { ...Object.fromEntries(passed), ...environment };
}

function proxyName(name: string): string {
  return name.endsWith('_proxy') ? name.toUpperCase() : '';
}
