/** `sshfs`: the server as a mounted file system, used by ordinary programs. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdtemp, readFile, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type Client,
  type ClientSession,
  type Login,
  MissingClient,
  PLAIN_CREDENTIALS,
  plainCredential,
} from '../client.ts';
import { killGroup, runCommand, runSuccessfully } from '../lab/command.ts';
import { programVersion } from './program.ts';

const FUSE_DEVICE = '/dev/fuse';
const MOUNT_POLL_MS = 25;
const UNMOUNT_TIMEOUT_MS = 20_000;

export const sshfs: Client = sshfsWith();

/** @param mountOptions as behind `-o` */
export function sshfsWith(...mountOptions: readonly string[]): Client {
  return {
    name: 'sshfs',
    leavesEarly: true,
    // It mounts the home, because everything above may be closed to it.
    seesHomeOnly: true,
    keyType: 'ed25519',
    credentials: PLAIN_CREDENTIALS,
    async version(context) {
      const version = await programVersion(
        { program: 'sshfs', args: ['-V'], ...context },
        /SSHFS version (\S+)/,
      );
      await access(FUSE_DEVICE).catch(() => {
        throw new MissingClient(`sshfs needs ${FUSE_DEVICE}`);
      });
      return version;
    },
    async open(login) {
      const mount = await mountServer(login, mountOptions);
      return { ...session(login, mount.folder), [Symbol.asyncDispose]: mount.unmount };
    },
  };
}

/** Programs, not calls of our own: a server that stops answering would block a thread of this process for ever. */
function session(login: Login, folder: string): Omit<ClientSession, keyof AsyncDisposable> {
  const { environment, signal } = login;
  const mounted = (remote: string) => path.join(folder, path.posix.relative(`${login.remoteRoot}/`, remote));
  const run = async (program: string, ...args: readonly string[]) =>
    (await runSuccessfully({ program, args, environment, signal })).output;
  const append = async (from: string, to: string) =>
    void (await run('sh', '-c', 'tail -c +$(($(stat -c %s "$2") + 1)) "$1" >> "$2"', 'append', from, to));
  return {
    list: async (directory) =>
      (await run('ls', '-1a', mounted(directory))).split('\n').filter((line) => line !== ''),
    put: async (local, remote) => void (await run('cp', local, mounted(remote))),
    get: async (remote, local) => void (await run('cp', mounted(remote), local)),
    resumePut: (local, remote) => append(local, mounted(remote)),
    resumeGet: (remote, local) => append(mounted(remote), local),
    rename: async (from, to) => void (await run('mv', mounted(from), mounted(to))),
    makeDirectories: async (directory) => void (await run('mkdir', '-p', mounted(directory))),
    putTree: async (local, remote) => void (await run('cp', '-r', local, mounted(remote))),
    getTree: async (remote, local) => void (await run('cp', '-r', mounted(remote), local)),
    remove: async (file) => void (await run('rm', mounted(file))),
    removeDirectory: async (directory) => void (await run('rmdir', mounted(directory))),
    removeTree: async (directory) => void (await run('rm', '-r', mounted(directory))),
    runOn: async (file, program, ...args) => void (await run(program, ...args, mounted(file))),
    freeBytes: async (directory) =>
      Number((await run('df', '--output=avail', '-B1', mounted(directory))).split('\n')[1]),
  };
}

interface Mount {
  readonly folder: string;
  unmount(): Promise<void>;
}

async function mountServer(login: Login, mountOptions: readonly string[]): Promise<Mount> {
  const { environment, signal } = login;
  const credential = plainCredential(login);
  const folder = await mkdtemp(path.join(login.scratch, 'mount-'));
  const options = ['-F', login.sshConfigFile, '-p', String(login.port)];
  for (const option of mountOptions) options.push('-o', option);
  if (credential.kind === 'password') options.push('-o', 'password_stdin');
  // -f: stays our child, so that it cannot outlive the run.
  const child = spawn(
    'sshfs',
    ['-f', ...options, `${login.userName}@${login.host}:${login.remoteRoot}/`, folder],
    {
      env: { ...environment },
      detached: true,
      stdio: ['pipe', 'ignore', 'pipe'],
    },
  );
  const said: string[] = [];
  child.stderr.on('data', (chunk: Buffer) => said.push(chunk.toString('utf8')));
  child.stdin.on('error', () => {});
  child.stdin.end(credential.kind === 'password' ? `${credential.password}\n` : '');
  const ended = once(child, 'exit');
  const unmount = async () => {
    // The operation's deadline may have passed: unmounting has its own.
    const deadline = AbortSignal.timeout(UNMOUNT_TIMEOUT_MS);
    const mode = signal.aborted ? ['-u', '-z'] : ['-u'];
    const unmounting = { program: 'fusermount3', environment, signal: deadline };
    const { exitCode } = await runCommand({ ...unmounting, args: [...mode, folder] });
    if (exitCode !== 0 && (await isMounted(folder)))
      await runCommand({ ...unmounting, args: ['-u', '-z', folder] });
    if (signal.aborted) killGroup(child.pid);
    await Promise.race([ended, delay(UNMOUNT_TIMEOUT_MS, undefined, { ref: false })]);
    killGroup(child.pid);
    await rmdir(folder);
  };
  while (!(await isMounted(folder))) {
    if (child.exitCode !== null)
      throw new Error(`sshfs ended with ${child.exitCode}: ${said.join('').trim()}`);
    if (signal.aborted) {
      await unmount();
      throw new Error('sshfs did not mount before the deadline');
    }
    await delay(MOUNT_POLL_MS);
  }
  return { folder, unmount };
}

async function isMounted(folder: string): Promise<boolean> {
  return (await readFile('/proc/self/mounts', 'utf8')).includes(` ${folder} fuse.sshfs `);
}
