/**
 * The seam between the pipeline, which has the rules common to all, and one way to prove who somebody is.
 *
 * A provider keeps no login in memory between two questions: what it needs to go on travels in `saved`, sealed by the pipeline,
 * because on Lambda the next question may reach another process.
 */

import type { UserRecord } from '../records/record.ts';
import type { IdentityProtocol } from '../request.ts';
import type { Secret } from '../secret.ts';
import type { Trace } from '../trace.ts';

/** What is known of a login before anything is proven, and what bounds it. */
export interface Login {
  /** As the user typed it, without the `@@provider` that routes; the pipeline has checked its grammar. */
  readonly userName: string;
  readonly protocol: IdentityProtocol;
  readonly serverId: string;
  readonly sourceIp: string;
  /** Whether the user can be asked something: an SFTP client in a keyboard-interactive dialogue. */
  readonly canPrompt: boolean;
  /** Aborts at the deadline of this question and when the client goes away; every wait obeys it. */
  readonly signal: AbortSignal;
  readonly trace: Trace;
}

/** What was proven, beside a key, which the server proves by itself. */
export type Proof = 'password' | 'code' | 'push' | 'answer' | 'browser';

export interface Group {
  /** The name that cannot be changed by who manages the group: an id, a DN, an object id. The name where there is none. */
  readonly id: string;
  readonly name: string;
}

/** A person as an identity provider knows them. */
export interface Person {
  /** Their id there that never changes, where there is one: Okta's user id, an `oid`, a `sub`, a DN. Else the name. */
  readonly subject: string;
  /** Their name there, in the spelling of the provider. */
  readonly userName: string;
  /** Attributes or claims; names compare without case. Binary values are left out. */
  readonly attributes: ReadonlyMap<string, readonly string[]>;
  readonly groups: readonly Group[];
  readonly proofs: readonly Proof[];
  /** Where the provider keeps more than credentials: what it says about the session. Wins over every profile source. */
  readonly record?: UserRecord;
}

/** What the user is to be asked or told. Texts of an identity provider are cleaned by the pipeline. */
export interface Question {
  readonly name?: string;
  readonly instruction?: string;
  /** None: the client only shows the text. */
  readonly prompts: readonly { readonly text: string; readonly echo: boolean }[];
  /** The server waits so long and asks again with no answers; without prompts only. Shows nothing where there is no text. */
  readonly pollSeconds?: number;
}

/** What JSON can hold; survives sealing and travelling. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

export type Step =
  | { readonly outcome: 'verified'; readonly person: Person }
  | { readonly outcome: 'asks'; readonly question: Question; readonly saved: Json };

/**
 * One way to prove who somebody is. Every method throws Denied where the person is not let in and IdentityFault where nobody can
 * tell, and nothing else. A password is judged with exactly one attempt upstream, and nothing is ever retried that may
 * count as an attempt.
 *
 * Life: construct (no side effects) → any number of questions, side by side → `close`.
 */
export interface PersonProvider {
  /** Judges a password: not empty, at most 1,024 UTF-16 units. */
  password(login: Login, password: Secret): Promise<Step>;
  /**
   * Begins a dialogue without a password, such as a device flow. Absent: the pipeline asks for the password first and hands
   * it to `password`.
   */
  begin?(login: Login): Promise<Step>;
  /** Goes on with the answers to its last question. `saved` is to be checked like any input. */
  answers?(login: Login, saved: Json, answers: readonly Secret[]): Promise<Step>;
  /**
   * Who logs in with a key: that they exist there and may log in today. Never calls anything that judges a password.
   * Resolves to undefined where the provider cannot look people up; then only records speak for a key login.
   */
  lookUp(login: Login): Promise<Person | undefined>;
  /** Proves that upstream can be reached and accepts our own credentials, without any user's. */
  check?(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}
