/** `curl sftp://`, which is libssh2. */

import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import {
  type Client,
  type ClientSession,
  cannot,
  type Login,
  MissingClient,
  NotApplicable,
  PLAIN_CREDENTIALS,
  plainCredential,
} from '../client.ts';
import { runSuccessfully } from '../lab/command.ts';
import { programVersion, withoutConnection } from './program.ts';

const NO_TREES = 'curl transfers single files';

export const curl: Client = {
  name: 'curl',
  // Not RSA: libssh2 before 1.11 signs with SHA-1 only, which no server of today takes.
  keyType: 'ecdsa',
  credentials: PLAIN_CREDENTIALS,
  // libssh2 before 1.11 knows no MAC that encrypts first.
  server: 'policy 2022-03',
  async version(context) {
    const command = { program: 'curl', args: ['--version'], ...context };
    const version = await programVersion(command, /^curl (\S+)/);
    const library = await programVersion(command, /libssh\S*/);
    const protocols = await programVersion(command, /^Protocols: .*$/m);
    if (!protocols.includes(' sftp')) throw new MissingClient('curl is built without SFTP');
    return `${version} ${library}`;
  },
  async open(login) {
    // libssh2 in curl knows one place for host keys, below the home folder.
    const folder = path.join(login.scratch, '.ssh');
    await mkdir(folder, { recursive: true });
    await copyFile(login.knownHostsFile, path.join(folder, 'known_hosts'));
    return session(login);
  },
};

function session(login: Login): ClientSession {
  const url = (remote: string) =>
    `sftp://${login.host}:${login.port}${remote.split('/').map(encodeURIComponent).join('/')}`;
  const run = (...options: readonly Option[]) => runCurl(login, options);
  /** A command before a transfer that transfers nothing. */
  const command = async (text: string) =>
    void (await run(['quote', text], ['head', true], ['url', `${url('/')}`]));
  return withoutConnection({
    async list(directory) {
      const output = await run(['list-only', true], ['url', `${url(directory)}/`]);
      return output.split('\n').filter((line) => line !== '');
    },
    put: async (local, remote) => void (await run(['upload-file', local], ['url', url(remote)])),
    get: async (remote, local) => void (await run(['output', local], ['url', url(remote)])),
    resumePut: async (local, remote) =>
      void (await run(['continue-at', '-'], ['upload-file', local], ['url', url(remote)])),
    resumeGet: async (remote, local) =>
      void (await run(['continue-at', '-'], ['output', local], ['url', url(remote)])),
    rename: (from, to) => command(`rename ${quote(from)} ${quote(to)}`),
    async makeDirectories(directory) {
      if (login.impliesDirectories)
        throw new NotApplicable('makes directories only where a file does not go in without');
      // curl makes directories only on the way to a file, so it sends one and removes it in the same session.
      const placeholder = `${directory}/placeholder`;
      const local = path.join(login.scratch, 'placeholder');
      await writeFile(local, 'placeholder');
      await run(
        ['ftp-create-dirs', true],
        ['upload-file', local],
        ['quote', `-rm ${quote(placeholder)}`],
        ['url', url(placeholder)],
      );
    },
    putTree: cannot(NO_TREES),
    getTree: cannot(NO_TREES),
    remove: (file) => command(`rm ${quote(file)}`),
    removeDirectory: (directory) => command(`rmdir ${quote(directory)}`),
  });
}

type Option = readonly [name: string, value: string | true];

/** Options go in by standard input: the password is one of them. */
async function runCurl(login: Login, options: readonly Option[]): Promise<string> {
  const credential = plainCredential(login);
  const credentialOptions: readonly Option[] =
    credential.kind === 'password'
      ? [['user', `${login.userName}:${credential.password}`]]
      : [
          ['user', `${login.userName}:`],
          ['key', credential.key.file],
          ['pubkey', `${credential.key.file}.pub`],
        ];
  const common: readonly Option[] = [
    ['silent', true],
    ['show-error', true],
    ['connect-timeout', '20'],
  ];
  const lines = [...common, ...credentialOptions, ...options].map(([name, value]) =>
    value === true ? `${name}\n` : `${name} = ${quote(value)}\n`,
  );
  const result = await runSuccessfully({
    program: 'curl',
    args: ['--disable', '--config', '-'],
    environment: { ...login.environment, HOME: login.scratch },
    signal: login.signal,
    input: lines.join(''),
  });
  return result.output;
}

function quote(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}
