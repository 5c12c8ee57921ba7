/** A configuration with every way to ask an identity provider, each in front of something that repeats what it is told. */

import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { RIGHT } from './canary.ts';
import { INDISCREET_RUNTIME } from './indiscreet-functions.ts';
import { ROLE } from './served.ts';

export const TOTP_SECRET = 'JBSWY3DPEHPK3PXPJBSWY3DP';
const SERVERS = ['module', 'command', 'router', 'appended', 'prompts', 'lambda', 'gateway'] as const;
export type CanaryServer = (typeof SERVERS)[number];

/** Whose second factor each code is taken once: one person for each login. */
const PEOPLE = ['jane', 'joan', 'june', 'jean'];

const grant = { Role: ROLE, HomeDirectory: '/bucket/jane' };
const profiles = { static: grant };
const arnOf = (name: string) => `arn:aws:lambda:us-east-1:000000000000:function:${name}`;

/** The place of the server in the configuration. */
export const placeOf = (server: CanaryServer): number => SERVERS.indexOf(server);
export const serverIdOf = (server: CanaryServer): string => `s-${'0'.repeat(16)}${placeOf(server)}`;

/** `oktaUrl`: of an org with people in it; `echoUrl`: of what repeats everything. */
export function canaryConfiguration(
  configuration: Record<string, unknown>,
  { oktaUrl, echoUrl }: { readonly oktaUrl: string; readonly echoUrl: string },
): unknown {
  const folder = dirname(String(configuration.data));
  writeFileSync(join(folder, 'runtime.mjs'), INDISCREET_RUNTIME);
  writeFileSync(join(folder, 'people.yaml'), JSON.stringify(peopleWith({})));
  writeFileSync(join(folder, 'second.yaml'), JSON.stringify(peopleWith({ Totp: TOTP_SECRET })));
  writeTable(join(folder, 'people.db'));
  const environment = { ROLE, RIGHT_SHA256: createHash('sha256').update(RIGHT).digest('hex') };
  const okta = (orgUrl: string) => ({
    provider: 'okta',
    options: { orgUrl, signInDomain: 'example.com', timeoutSeconds: 1 },
    profiles,
  });
  const second = (mode: string) => ({
    provider: 'file',
    options: { path: 'second.yaml' },
    rules: { totp: { mode } },
  });
  return {
    ...configuration,
    log: { level: 'debug' },
    functions: {
      [arnOf('module')]: { module: join(folder, 'function.mjs'), environment, timeoutSeconds: 1 },
      [arnOf('command')]: { command: [process.execPath, 'runtime.mjs'], timeoutSeconds: 5 },
      [arnOf('router')]: {
        provider: 'router',
        options: {
          chain: ['people', 'table', 'odd'],
          providers: {
            people: { provider: 'file', options: { path: 'people.yaml' } },
            table: { provider: 'sql', options: { sqlite: { file: 'people.db' } } },
            org: okta(oktaUrl),
            odd: okta(echoUrl),
            web: { provider: 'http', options: { url: echoUrl, timeoutSeconds: 1 }, profiles },
          },
        },
      },
      [arnOf('appended')]: second('appended'),
      [arnOf('prompts')]: second('prompts'),
      [arnOf('lambda')]: {
        endpoint: echoUrl,
        credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'example' },
        timeoutSeconds: 1,
      },
    },
    servers: SERVERS.map((name) => ({
      ServerId: serverIdOf(name),
      ...(name === 'gateway'
        ? { IdentityProviderType: 'API_GATEWAY', IdentityProviderDetails: { Url: echoUrl, ...prompts(name) } }
        : {
            IdentityProviderType: 'AWS_LAMBDA',
            IdentityProviderDetails: { Function: arnOf(name), ...prompts(name) },
          }),
      listen: { SFTP: '127.0.0.1:0' },
    })),
  };
}

function prompts(server: CanaryServer): object {
  return { KeyboardInteractive: server === 'prompts' ? 'PROVIDER' : 'ENABLED' };
}

function peopleWith(more: object): object {
  return Object.fromEntries(PEOPLE.map((name) => [name, { ...grant, Password: RIGHT, ...more }]));
}

function writeTable(file: string): void {
  const database = new DatabaseSync(file);
  database.exec('CREATE TABLE users (user_name TEXT, password TEXT, role TEXT, home_directory TEXT)');
  const insert = database.prepare('INSERT INTO users VALUES (?, ?, ?, ?)');
  insert.run('jane', RIGHT, ROLE, '/bucket/jane');
  insert.run('broken', `$6$${RIGHT}`, ROLE, '/bucket/jane');
  database.close();
}
