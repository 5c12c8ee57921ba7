/** What a client adapter offers the matrix: one method per thing that people do with a client. */

import type { KeyPair, KeyType } from './lab/keys.ts';
import type { ServerName } from './lab/servers.ts';
import type { Algorithms } from './lab/ssh-config.ts';

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

/** What a user logs in with. */
export type Credential =
  | { readonly kind: 'password'; readonly password: string }
  | { readonly kind: 'key'; readonly key: KeyPair }
  /** The key first, which is half of the login, then the password. */
  | { readonly kind: 'key and password'; readonly key: KeyPair; readonly password: string }
  /** Answers to the prompts of keyboard-interactive, in order. */
  | { readonly kind: 'prompts'; readonly answers: readonly string[] }
  /** A key with a certificate of OpenSSH's form in `key.file` + `-cert.pub`. */
  | { readonly kind: 'certificate'; readonly key: KeyPair; readonly certificateFile: string };

export type CredentialKind = Credential['kind'];

/** What every client can log in with. */
export const PLAIN_CREDENTIALS = ['password', 'key'] as const satisfies readonly CredentialKind[];
export type PlainCredential = Extract<Credential, { kind: (typeof PLAIN_CREDENTIALS)[number] }>;

/** For adapters of clients that know no other. @throws NotApplicable */
export function plainCredential({ credential }: Login): PlainCredential {
  if (credential.kind === 'password' || credential.kind === 'key') return credential;
  throw new NotApplicable(`the adapter knows no login with ${credential.kind}`);
}

/** One login as one user, and everything a client needs for it. */
export interface Login {
  readonly host: string;
  readonly port: number;
  readonly userName: string;
  /** What remote paths begin with: empty, or where the user's files are. */
  readonly remoteRoot: string;
  readonly credential: Credential;
  /** Algorithms to insist on, instead of the client's own choice. */
  readonly algorithms: Algorithms;
  readonly knownHostsFile: string;
  readonly hostKeyFingerprints: readonly string[];
  /** Holds host keys and credential for clients that run OpenSSH's `ssh`. */
  readonly sshConfigFile: string;
  /** Folder for scripts, configurations and mounts of this login alone. */
  readonly scratch: string;
  /** A file may be put where no directory is, as in buckets of S3. */
  readonly impliesDirectories: boolean;
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
  /** Removes a directory with all it holds. Absent where the client cannot. */
  removeTree?(directory: string): Promise<void>;
  /** Runs a program with the path of a remote file as its last argument. Absent where the client mounts nothing. */
  runOn?(file: string, program: string, ...args: readonly string[]): Promise<void>;
  /** A hash of a file that the server computes, hexadecimal. Absent where the client cannot ask for one. */
  hash?(file: string): Promise<string>;
  /** SHA-256 when absent. */
  readonly hashAlgorithm?: 'md5';
  /** Free bytes of the storage below a directory. Absent where the client cannot ask for them. */
  freeBytes?(directory: string): Promise<number>;
}

export interface Client {
  readonly name: string;
  /** The kind of key this client logs in with. */
  readonly keyType: KeyType;
  readonly credentials: readonly CredentialKind[];
  /** The server it is tried against; `main` unless its algorithms are too old for that. */
  readonly server?: ServerName;
  /**
   * How much it is put through, where that is not the usual. `brief`: operations with a key only and a smaller file, because
   * it starts slowly or shares its code with another. `deep`: the huge file too.
   */
  readonly depth?: 'brief' | 'deep';
  /** It has no words for a path above the home. */
  readonly seesHomeOnly?: true;
  /** It is gone before its last CLOSE is answered. */
  readonly leavesEarly?: true;
  /** Version as the client says it. @throws MissingClient */
  version(context: {
    readonly environment: Readonly<Record<string, string>>;
    readonly signal: AbortSignal;
  }): Promise<string>;
  /** Some clients connect here, others for every call. */
  open(login: Login): Promise<ClientSession>;
}

/** Sizes of the large file: for brief checks, the usual one, and beyond what 32 bits count. */
export type FileScale = 'reduced' | 'large' | 'huge';

export function credentialName(kind: CredentialKind, keyType: KeyType): string {
  return kind === 'key' ? `${keyType} key` : kind;
}
