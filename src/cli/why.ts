/** `drawbridge why`: explains why a user may or may not do something. */

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { Argument, Command, Option } from 'commander';
import { loadConfiguration } from '../node/config/load.ts';
import { ConfigurationError } from '../node/config/problem.ts';
import { explainAccess, WhyError, type WhyOutcome } from '../node/why.ts';
import { WHY_OPERATIONS, type WhyOperation } from '../node/why-operation.ts';

/** Longest wait for the identity provider, above any time limit of a function. */
const TIMEOUT_MS = 15 * 60 * 1000;
const EXIT_CODES: Readonly<Record<WhyOutcome, number>> = { allowed: 0, denied: 1, unknown: 2 };

interface WhyOptions {
  readonly config?: string;
  readonly protocol: 'SFTP' | 'FTPS' | 'FTP';
  readonly server?: string;
  readonly sourceIp: string;
  readonly answer?: string;
  readonly passwordStdin?: true;
}

export function whyCommand(): Command {
  return new Command('why')
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : EXIT_CODES.unknown))
    .description(
      'Explain why a user may or may not do something. Exits with 0 when it is allowed, 1 when it is denied, 2 when ' +
        'nobody can tell.',
    )
    .argument('<user>', 'user name')
    .addArgument(new Argument('<operation>', 'what is to be done').choices(WHY_OPERATIONS))
    .argument('<path>', 'path as the client writes it, with a slash at its end for a directory')
    .argument('[target]', 'of rename: the new path')
    .option('--config <file>', 'configuration file, usually drawbridge.yaml; without it the demo in ./data')
    .addOption(new Option('--protocol <name>', 'protocol').choices(['SFTP', 'FTPS', 'FTP']).default('SFTP'))
    .option('--server <id>', 'server, where there is more than one')
    .option('--source-ip <address>', 'address of the client, which policies may look at', '127.0.0.1')
    .option(
      '--answer <file>',
      "the provider's answer as JSON; without it the provider is asked for the user's keys",
    )
    .option('--password-stdin', 'ask the provider with the password from standard input')
    .action(
      async (
        user: string,
        operation: WhyOperation,
        path: string,
        target: string | undefined,
        options: WhyOptions,
      ) => {
        try {
          process.exitCode = EXIT_CODES[await why(user, operation, path, target, options)];
        } catch (error) {
          process.stderr.write(`drawbridge: ${explain(error)}\n`);
          process.exitCode = EXIT_CODES.unknown;
        }
      },
    );
}

async function why(
  userName: string,
  operation: WhyOperation,
  path: string,
  target: string | undefined,
  { config, protocol, server, sourceIp, answer, passwordStdin }: WhyOptions,
): Promise<WhyOutcome> {
  if ((operation === 'rename') !== (target !== undefined))
    throw new WhyError('rename needs the path and the new path; all others need one path');
  const configuration = await loadConfiguration({
    ...(config === undefined ? {} : { file: config }),
    environment: process.env,
  });
  if (configuration.origin === 'embedded' && !existsSync(configuration.data))
    throw new WhyError(
      'there is no demo in this folder: name the configuration by --config, such as --config drawbridge.yaml',
    );
  const { outcome, lines } = await explainAccess(configuration, {
    userName,
    operation,
    path,
    ...(target === undefined ? {} : { target }),
    protocol,
    ...(server === undefined ? {} : { serverId: server }),
    sourceIp,
    ...(answer === undefined ? {} : { answer: await readAnswer(answer) }),
    ...(passwordStdin === undefined ? {} : { password: await readPassword() }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  process.stdout.write(`${lines.join('\n')}\n`);
  return outcome;
}

async function readAnswer(file: string): Promise<unknown> {
  try {
    const answer: unknown = JSON.parse(await readFile(file, 'utf8'));
    return answer;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : 'unknown error';
    throw new WhyError(`--answer ${file}: cannot be read as JSON: ${reason}`, { cause });
  }
}

/** Without the end of its line. */
async function readPassword(): Promise<string> {
  return (await text(process.stdin)).replace(/\r?\n$/, '');
}

function explain(error: unknown): string {
  if (error instanceof WhyError || error instanceof ConfigurationError) return error.message;
  return `unexpected error, please report it\n${error instanceof Error ? error.stack : String(error)}`;
}
