/** OpenSSH's `sftp` as the client of the bench: the same program, key and algorithms against every peer. */

import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type CommandResult, runCommand, runSuccessfully } from '../test/interop/lab/command.ts';
import { cleanEnvironment } from '../test/interop/lab/environment.ts';
import { type KeyPair, scanHostKeys } from '../test/interop/lab/keys.ts';
import { writeSshConfig } from '../test/interop/lab/ssh-config.ts';
import type { ServerAddress } from './peer.ts';

/** Another `sftp`, whose `ssh` lies where it was built for. */
const PROGRAM = process.env.DRAWBRIDGE_BENCH_SFTP ?? 'sftp';
/** One transfer; at 1 GiB this is below 4 MB/s. */
const TRANSFER_TIMEOUT_MS = 300_000;

/** What the client insists on; an absent name is what client and server agree on by themselves. */
export interface Algorithms {
  readonly cipher?: string;
  readonly mac?: string;
}

export class OpenSshClient {
  readonly #address: ServerAddress;
  readonly #folder: string;
  readonly #signal: AbortSignal;

  private constructor(address: ServerAddress, folder: string, signal: AbortSignal) {
    this.#address = address;
    this.#folder = folder;
    this.#signal = signal;
  }

  /** Learns the host keys of the server and writes a configuration into `folder`. */
  static async connectTo(
    address: ServerAddress,
    key: KeyPair,
    folder: string,
    signal: AbortSignal,
  ): Promise<OpenSshClient> {
    const client = new OpenSshClient(address, folder, signal);
    const { knownHostsFile } = client;
    await scanHostKeys(knownHostsFile, address, signal);
    await writeSshConfig(client.#configFile, { knownHostsFile, credential: { kind: 'key', key } });
    return client;
  }

  get knownHostsFile(): string {
    return path.join(this.#folder, 'known_hosts');
  }

  /** The same server through another port, such as that of a proxy. */
  async through(port: number): Promise<OpenSshClient> {
    const { host } = this.#address;
    const lines = await readFile(this.knownHostsFile, 'utf8');
    const ofPort = lines.replaceAll(`[${host}]:${this.#address.port} `, `[${host}]:${port} `);
    await writeFile(this.knownHostsFile, lines + ofPort);
    return new OpenSshClient({ ...this.#address, port }, this.#folder, this.#signal);
  }

  /** @returns seconds from the start of the program to its end, so the login is in them; as all the others here. */
  put(local: string, name: string, algorithms: Algorithms): Promise<number> {
    return this.#run(`put "${local}" "${this.#remote(name)}"`, algorithms);
  }

  get(name: string, local: string, algorithms: Algorithms): Promise<number> {
    return this.#run(`get "${this.#remote(name)}" "${local}"`, algorithms);
  }

  /** Puts a folder into a new one of the name. */
  putFolder(local: string, name: string, algorithms: Algorithms): Promise<number> {
    const target = this.#remote(name);
    // The client asks for the real path of the new folder before it makes it, and ProFTPD refuses that.
    const made = `mkdir "${target}"\nmkdir "${target}/${path.basename(local)}"`;
    return this.#run(`${made}\nput -r "${local}" "${target}"`, algorithms);
  }

  getFolder(name: string, local: string, algorithms: Algorithms): Promise<number> {
    return this.#run(`get -r "${this.#remote(name)}" "${local}"`, algorithms);
  }

  /** Nothing but the login. */
  login(algorithms: Algorithms): Promise<number> {
    return this.#run('pwd', algorithms);
  }

  /** The cipher that client and server agree on when nobody forces one. */
  async negotiatedCipher(): Promise<string> {
    const { errorOutput } = await this.#sftp(['-v'], 'pwd');
    return /^debug1: kex: client->server cipher: (\S+)/m.exec(errorOutput)?.[1] ?? 'unknown';
  }

  get #configFile(): string {
    return path.join(this.#folder, 'ssh_config');
  }

  #remote(name: string): string {
    return `${this.#address.remoteFolder}${name}`;
  }

  async #run(line: string, { cipher, mac }: Algorithms): Promise<number> {
    const options = [
      // Below it, the client does not say which algorithm the server lacks.
      ...['-o', 'LogLevel=INFO'],
      ...(cipher === undefined ? [] : ['-c', cipher]),
      ...(mac === undefined ? [] : ['-o', `MACs=${mac}`]),
    ];
    const { durationMs } = await this.#sftp(options, line);
    return durationMs / 1000;
  }

  #sftp(options: readonly string[], line: string): Promise<CommandResult> {
    const { port, userName, host } = this.#address;
    const address = ['-P', String(port), `${userName}@${host}`];
    return runSuccessfully({
      program: PROGRAM,
      args: [...options, '-F', this.#configFile, '-b', '-', ...address],
      environment: cleanEnvironment(this.#folder),
      signal: AbortSignal.any([this.#signal, AbortSignal.timeout(TRANSFER_TIMEOUT_MS)]),
      input: `${line}\n`,
    });
  }
}

/** What `ssh -V` of the client says. */
export async function clientVersion(folder: string, signal: AbortSignal): Promise<string> {
  const program = path.join(path.dirname(PROGRAM), 'ssh');
  const ssh = PROGRAM.includes('/') ? program : 'ssh';
  const environment = cleanEnvironment(folder);
  const { errorOutput } = await runCommand({ program: ssh, args: ['-V'], environment, signal });
  return errorOutput.trim();
}
