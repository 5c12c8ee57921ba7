/** OpenSSH's `sftp` as the client of the bench: the same program, key and cipher against every peer. */

import path from 'node:path';
import { type CommandResult, runSuccessfully } from '../test/interop/lab/command.ts';
import { cleanEnvironment } from '../test/interop/lab/environment.ts';
import { type KeyPair, scanHostKeys, writeSshConfig } from '../test/interop/lab/keys.ts';
import type { RunningPeer } from './peer.ts';

/** One transfer; at 1 GiB this is below 4 MB/s. */
const TRANSFER_TIMEOUT_MS = 300_000;

/** Undefined: what client and server agree on by themselves. */
export type Cipher = 'aes128-gcm@openssh.com' | undefined;

export class OpenSshClient {
  readonly #peer: RunningPeer;
  readonly #folder: string;
  readonly #signal: AbortSignal;

  private constructor(peer: RunningPeer, folder: string, signal: AbortSignal) {
    this.#peer = peer;
    this.#folder = folder;
    this.#signal = signal;
  }

  /** Learns the host keys of the peer and writes a configuration into `folder`. */
  static async connectTo(
    peer: RunningPeer,
    key: KeyPair,
    folder: string,
    signal: AbortSignal,
  ): Promise<OpenSshClient> {
    const knownHostsFile = path.join(folder, 'known_hosts');
    await scanHostKeys(knownHostsFile, peer, signal);
    const client = new OpenSshClient(peer, folder, signal);
    await writeSshConfig(client.#configFile, { knownHostsFile, credential: { identityFile: key.file } });
    return client;
  }

  /** @returns seconds from the start of the program to its end, so the login is in them. */
  put(local: string, name: string, cipher: Cipher): Promise<number> {
    return this.#run(`put "${local}" "${this.#peer.remoteFolder}${name}"`, cipher);
  }

  /** @returns seconds from the start of the program to its end, so the login is in them. */
  get(name: string, local: string, cipher: Cipher): Promise<number> {
    return this.#run(`get "${this.#peer.remoteFolder}${name}" "${local}"`, cipher);
  }

  /** The cipher that client and server agree on when nobody forces one. */
  async negotiatedCipher(): Promise<string> {
    const { errorOutput } = await this.#sftp(['-v'], 'pwd');
    return /^debug1: kex: client->server cipher: (\S+)/m.exec(errorOutput)?.[1] ?? 'unknown';
  }

  get #configFile(): string {
    return path.join(this.#folder, 'ssh_config');
  }

  async #run(line: string, cipher: Cipher): Promise<number> {
    const { durationMs } = await this.#sftp(cipher === undefined ? [] : ['-c', cipher], line);
    return durationMs / 1000;
  }

  #sftp(options: readonly string[], line: string): Promise<CommandResult> {
    const { port, userName, host } = this.#peer;
    const address = ['-P', String(port), `${userName}@${host}`];
    return runSuccessfully({
      program: 'sftp',
      args: [...options, '-F', this.#configFile, '-b', '-', ...address],
      environment: cleanEnvironment(this.#folder),
      signal: AbortSignal.any([this.#signal, AbortSignal.timeout(TRANSFER_TIMEOUT_MS)]),
      input: `${line}\n`,
    });
  }
}
