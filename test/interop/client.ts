/** What a client adapter offers the matrix: one method per thing that people do with a client. */

import type { KeyPair, KeyType } from './lab/keys.ts';
import type { CredentialKind } from './target.ts';

/** The client has no such function; shown as n/a with the reason. */
export class NotApplicable extends Error {
  override readonly name = 'NotApplicable';
}

/** A program that the adapter needs is not installed. */
export class MissingClient extends Error {
  override readonly name = 'MissingClient';
}

/** Declares a thing that a client cannot do: `list: cannot('scp has no listing')`. */
export function cannot(reason: string): () => Promise<never> {
  return () => Promise.reject(new NotApplicable(reason));
}

/** One login as one user, and everything a client needs for it. */
export interface Login {
  readonly host: string;
  readonly port: number;
  readonly userName: string;
  readonly credential:
    | { readonly kind: 'password'; readonly password: string }
    | { readonly kind: 'key'; readonly key: KeyPair };
  readonly knownHostsFile: string;
  readonly hostKeyFingerprints: readonly string[];
  /** Holds host keys and credential for clients that run OpenSSH's `ssh`. */
  readonly sshConfigFile: string;
  /** Folder for scripts, configurations and mounts of this login alone. */
  readonly scratch: string;
  readonly environment: Readonly<Record<string, string>>;
  /** The deadline of the operation. */
  readonly signal: AbortSignal;
}

/** Local paths are absolute, remote paths are absolute as the server sees them. Every method rejects on failure. */
export interface ClientSession extends AsyncDisposable {
  /** Names in a directory, in any order; `.` and `..` may be among them. */
  list(directory: string): Promise<readonly string[]>;
  /** Stores a local file under a remote name, over an older one if there is one. */
  put(local: string, remote: string): Promise<void>;
  get(remote: string, local: string): Promise<void>;
  /** Sends what the remote file lacks. */
  resumePut(local: string, remote: string): Promise<void>;
  /** Fetches what the local file lacks. */
  resumeGet(remote: string, local: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Makes the directory and the parents that are not there. */
  makeDirectories(directory: string): Promise<void>;
  /** Afterwards `remote`, which did not exist, holds what `local` holds. */
  putTree(local: string, remote: string): Promise<void>;
  getTree(remote: string, local: string): Promise<void>;
  remove(file: string): Promise<void>;
  removeDirectory(directory: string): Promise<void>;
}

export interface Client {
  readonly name: string;
  /** The kind of key this client logs in with. */
  readonly keyType: KeyType;
  /** Version as the client says it. @throws MissingClient */
  version(context: {
    readonly environment: Readonly<Record<string, string>>;
    readonly signal: AbortSignal;
  }): Promise<string>;
  /** Some clients connect here, others for every call. */
  open(login: Login): Promise<ClientSession>;
}

export function credentialName(kind: CredentialKind, keyType: KeyType): string {
  return kind === 'key' ? `${keyType} key` : 'password';
}
