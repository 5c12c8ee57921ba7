/** `drawbridge identity`: serves a function over HTTP, looks for mistakes in records, hashes passwords. */

import { text } from 'node:stream/consumers';
import { Command } from 'commander';
import { IdentityFault } from '../identity/decision.ts';
import { hashPassword } from '../identity/passwords/hash-password.ts';
import { lintFile } from '../identity/records/lint.ts';
import { Secret } from '../identity/secret.ts';
import { identityServeCommand } from './identity-serve.ts';

export function identityCommand(): Command {
  return new Command('identity')
    .description('Work with identity providers.')
    .addCommand(identityServeCommand())
    .addCommand(lintCommand())
    .addCommand(hashPasswordCommand());
}

function lintCommand(): Command {
  return new Command('lint')
    .description(
      'Look for mistakes in user records. Exits with 0 when there is none, 1 when a user could not log in, 2 when the file ' +
        'cannot be read.',
    )
    .argument('<file>', 'a record, users with their records, or items of a DynamoDB table, as JSON or YAML')
    .action(async (file: string) => {
      try {
        process.exitCode = (await lint(file)) ? 0 : 1;
      } catch (error) {
        process.stderr.write(`drawbridge: ${explain(error)}\n`);
        process.exitCode = 2;
      }
    });
}

/** Whether everybody could log in. */
async function lint(file: string): Promise<boolean> {
  const records = await lintFile(file);
  const lines = records.flatMap(({ name, problems }) =>
    problems.map(({ member, severity, text: problem }) =>
      [severity, name, member, problem].filter((part) => part !== '').join(': '),
    ),
  );
  const errorCount = records
    .flatMap(({ problems }) => problems)
    .filter(({ severity }) => severity === 'error').length;
  const counts = [
    counted(records.length, 'record'),
    counted(errorCount, 'error'),
    counted(lines.length - errorCount, 'warning'),
  ];
  const summary = counts.join(', ');
  process.stdout.write(`${[...lines, summary].join('\n')}\n`);
  return errorCount === 0;
}

function hashPasswordCommand(): Command {
  return new Command('hash-password')
    .description('Print the Argon2id hash of the password on standard input, for the record of a user.')
    .action(async () => {
      try {
        const password = (await text(process.stdin)).replace(/\r?\n$/, '');
        if (password === '')
          throw new IdentityFault('EVENT_INVALID', 'There is no password on standard input.');
        process.stdout.write(`${(await hashPassword(new Secret(password))).reveal()}\n`);
      } catch (error) {
        process.stderr.write(`drawbridge: ${explain(error)}\n`);
        process.exitCode = 1;
      }
    });
}

function explain(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`;
}
