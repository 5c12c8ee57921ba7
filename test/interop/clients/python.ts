/** Clients that are Python libraries: a script of ours calls the library, a JSON request tells it what to do. */

import { access } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { type Client, type ClientSession, type Login, MissingClient } from '../client.ts';
import { runSuccessfully } from '../lab/command.ts';
import type { KeyType } from '../lab/keys.ts';
import { programVersion, withoutConnection } from './program.ts';

/** Made by `.ci/install-clients`; its own, because Debian's packages of both libraries are years old. */
const PYTHON = fileURLToPath(new URL('../../../.cache/venv/bin/python', import.meta.url));

const Names = z.array(z.string());

export function pythonClient(name: string, keyType: KeyType): Client {
  const script = fileURLToPath(new URL(`../python/${name}_client.py`, import.meta.url));
  return {
    name,
    keyType,
    async version(context) {
      await access(PYTHON).catch(() => {
        throw new MissingClient('there is no Python environment; .ci/install-clients makes it');
      });
      const source = `import ${name}; print('version', ${name}.__version__)`;
      return programVersion({ program: PYTHON, args: ['-c', source], ...context }, /^version (\S+)/m);
    },
    open: (login) => Promise.resolve(session(login, script)),
  };
}

function session(login: Login, script: string): ClientSession {
  const call = async (action: string, ...args: readonly string[]): Promise<unknown> => {
    const { credential, environment, signal } = login;
    const secret =
      credential.kind === 'password' ? { password: credential.password } : { keyFile: credential.key.file };
    const { output } = await runSuccessfully({
      program: PYTHON,
      args: [script],
      environment: { ...environment, PYTHONDONTWRITEBYTECODE: '1' },
      signal,
      // By standard input, because it holds the password.
      input: JSON.stringify({
        host: login.host,
        port: login.port,
        userName: login.userName,
        knownHostsFile: login.knownHostsFile,
        action,
        arguments: args,
        ...secret,
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
  });
}
