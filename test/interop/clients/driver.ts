/** Clients that are libraries: a program of ours calls the library, a JSON request tells it what to do. */

import { access } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { type Client, type ClientSession, type Credential, type Login, MissingClient } from '../client.ts';
import { runSuccessfully } from '../lab/command.ts';
import { programVersion, withoutConnection } from './program.ts';

const Names = z.array(z.string());

/** A program of ours and how it is started. */
export interface Driver {
  readonly program: string;
  readonly args: readonly string[];
  /** What must be there before it can be started; made by `.ci/install-clients`. */
  readonly needs: string;
  readonly version: { readonly args: readonly string[]; readonly pattern: RegExp };
  /** Has the action `hash`. */
  readonly hashes?: true;
  /** Has the action `remove_tree`. */
  readonly removesTrees?: true;
}

/** Absolute path of a thing that `.ci/install-clients` made. */
export function installed(name: string): string {
  return fileURLToPath(new URL(`../../../.cache/${name}`, import.meta.url));
}

/** Absolute path of a driver's source. */
export function source(name: string): string {
  return fileURLToPath(new URL(`../${name}`, import.meta.url));
}

export function libraryClient(traits: Omit<Client, 'version' | 'open'>, driver: Driver): Client {
  const { program, needs, version } = driver;
  return {
    ...traits,
    async version(context) {
      await access(needs).catch(() => {
        throw new MissingClient('it is not built; .ci/install-clients builds it, or says why it cannot');
      });
      return programVersion({ program, args: version.args, ...context }, version.pattern);
    },
    open: (login) => Promise.resolve(session(login, driver)),
  };
}

function session(login: Login, driver: Driver): ClientSession {
  const call = async (action: string, ...args: readonly string[]): Promise<unknown> => {
    const { output } = await runSuccessfully({
      program: driver.program,
      args: driver.args,
      environment: { ...login.environment, PYTHONDONTWRITEBYTECODE: '1' },
      signal: login.signal,
      // By standard input, because it holds the password.
      input: JSON.stringify({
        host: login.host,
        port: login.port,
        userName: login.userName,
        knownHostsFile: login.knownHostsFile,
        ...login.algorithms,
        ...credentialFields(login.credential),
        action,
        arguments: args,
      }),
    });
    return JSON.parse(output);
  };
  return withoutConnection({
    list: async (directory) => Names.parse(await call('list', directory)),
    put: async (local, remote) => void (await call('put', local, remote)),
    get: async (remote, local) => void (await call('get', remote, local)),
    resumePut: async (local, remote) => void (await call('resume_put', local, remote)),
    resumeGet: async (remote, local) => void (await call('resume_get', remote, local)),
    rename: async (from, to) => void (await call('rename', from, to)),
    makeDirectories: async (directory) => void (await call('make_directories', directory)),
    putTree: async (local, remote) => void (await call('put_tree', local, remote)),
    getTree: async (remote, local) => void (await call('get_tree', remote, local)),
    remove: async (file) => void (await call('remove', file)),
    removeDirectory: async (directory) => void (await call('remove_directory', directory)),
    ...(driver.removesTrees === true && {
      removeTree: async (directory: string) => void (await call('remove_tree', directory)),
    }),
    ...(driver.hashes === true && {
      hash: async (file: string) => z.string().parse(await call('hash', file)),
    }),
  });
}

function credentialFields(credential: Credential): Readonly<Record<string, unknown>> {
  return {
    ...('password' in credential && { password: credential.password }),
    ...('key' in credential && { keyFile: credential.key.file }),
    ...('certificateFile' in credential && { certificateFile: credential.certificateFile }),
    ...('answers' in credential && { answers: credential.answers }),
  };
}
