/** Proves people by the passwords in a store of records; the conditions in a record are judged by the pipeline. */

import { Denied, IdentityFault } from '../decision.ts';
import type { PasswordVerdict, PasswordVerifier } from '../passwords/password-verifier.ts';
import type { Login, Person, PersonProvider, Proof, Step } from '../providers/provider.ts';
import type { Secret } from '../secret.ts';
import type { Surroundings } from '../surroundings.ts';
import { readRecord } from './reader.ts';
import type { RecordLookUp, RecordMembers, RecordStore, UserRecord } from './record.ts';
import type { StoredCredentialsOptions } from './stored-credentials-options.ts';

export interface StoredCredentialsSettings extends StoredCredentialsOptions {
  /** For the trace: `file`, `sql`. */
  readonly name: string;
  readonly store: RecordStore;
  readonly passwords: PasswordVerifier;
  /** Stores passwords anew that are plain or have a weak hash, once they were given. */
  readonly rehash?: boolean;
  /** The record as it was before it was changed lately, where its old password is still taken. */
  readonly findPrevious?: (
    key: RecordLookUp,
    current: RecordMembers,
    signal: AbortSignal,
  ) => Promise<RecordMembers | undefined>;
}

interface FoundRecord {
  readonly members: RecordMembers;
  readonly record: UserRecord;
}

export class StoredCredentialsProvider implements PersonProvider {
  readonly #settings: StoredCredentialsSettings;
  readonly #surroundings: Pick<Surroundings, 'now' | 'warn'>;

  constructor(settings: StoredCredentialsSettings, surroundings: Pick<Surroundings, 'now' | 'warn'>) {
    this.#settings = settings;
    this.#surroundings = surroundings;
  }

  /** @throws Denied USER_UNKNOWN, PASSWORD_NOT_ACCEPTED, BAD_CREDENTIALS, PASSWORD_UNUSABLE, RECORD_INVALID; IdentityFault */
  async password(login: Login, typed: Secret): Promise<Step> {
    if (typed.reveal() === '') throw new Denied('BAD_CREDENTIALS');
    const found = await this.#find(login);
    const stored = found?.record.password;
    if (found === undefined || stored === undefined) {
      await this.#settings.passwords.imitate(typed, login.signal);
      throw new Denied(found === undefined ? 'USER_UNKNOWN' : 'PASSWORD_NOT_ACCEPTED');
    }
    const verdict = await this.#verify(login, stored, typed);
    if (verdict.isRight) {
      if (verdict.isWeak) await this.#renew(login, found.record, typed);
      return { outcome: 'verified', person: personOf(login, found.record, ['password']) };
    }
    await this.#verifyPrevious(login, found, typed);
    return { outcome: 'verified', person: personOf(login, found.record, ['password']) };
  }

  /** @throws Denied USER_UNKNOWN, KEYS_NOT_ACCEPTED, RECORD_INVALID; IdentityFault */
  async lookUp(login: Login): Promise<Person> {
    if (login.protocol !== 'SFTP')
      throw new Denied('KEYS_NOT_ACCEPTED', `${login.protocol} knows no login without a password.`);
    const found = await this.#find(login);
    if (found === undefined) throw new Denied('USER_UNKNOWN');
    return personOf(login, found.record, []);
  }

  async check(signal: AbortSignal): Promise<void> {
    await this.#settings.store.check?.(signal);
  }

  close(): Promise<void> {
    return this.#settings.store.close();
  }

  async #find(login: Login): Promise<FoundRecord | undefined> {
    const { name, store } = this.#settings;
    const members = await login.trace.measure(
      `${name}: look-up`,
      () => store.find(lookUpOf(login), login.signal),
      (result) => (result === undefined ? 'no record' : 'a record'),
    );
    return members === undefined ? undefined : { members, record: this.#read(login, members) };
  }

  #read(login: Login, members: RecordMembers): UserRecord {
    const { name, requireProtocolPassword } = this.#settings;
    const { record, remarks } = readRecord(members, {
      protocol: login.protocol,
      requireProtocolPassword,
      nowMs: this.#surroundings.now(),
    });
    for (const { member, text } of remarks) login.trace.note(`${name}: ${member}`, text);
    return record;
  }

  #verify(login: Login, stored: Secret, typed: Secret): Promise<PasswordVerdict> {
    const { name, passwords } = this.#settings;
    return login.trace.measure(
      `${name}: password`,
      () => passwords.verify(stored, typed, login.signal),
      ({ isRight }) => (isRight ? 'right' : 'wrong'),
    );
  }

  /** @throws Denied BAD_CREDENTIALS where the password is not the previous one either */
  async #verifyPrevious(login: Login, current: FoundRecord, typed: Secret): Promise<void> {
    const { name, findPrevious } = this.#settings;
    const members = await findPrevious?.(lookUpOf(login), current.members, login.signal);
    const previous = members === undefined ? undefined : this.#read(login, members);
    // A password of its own takes the plain one away from a protocol, at once.
    const isSuccessor = previous?.isPasswordOfProtocol === current.record.isPasswordOfProtocol;
    if (previous?.password === undefined || !isSuccessor) throw new Denied('BAD_CREDENTIALS');
    if (!(await this.#verify(login, previous.password, typed)).isRight) throw new Denied('BAD_CREDENTIALS');
    login.trace.note(`${name}: password`, 'it is the one from before the last change');
  }

  /** The user is let in whether or not this succeeds. */
  async #renew(login: Login, { password, isPasswordOfProtocol }: UserRecord, typed: Secret): Promise<void> {
    const { name, store, passwords, rehash } = this.#settings;
    if (rehash !== true || store.replacePassword === undefined || password === undefined) return;
    try {
      const to = await passwords.hash(typed, login.signal);
      const member = isPasswordOfProtocol ? `${login.protocol}Password` : 'Password';
      const change = { member, from: password, to };
      const isReplaced = await store.replacePassword(lookUpOf(login), change, login.signal);
      login.trace.note(
        `${name}: new hash`,
        isReplaced ? 'stored' : 'not stored: the record was changed meanwhile',
      );
    } catch (error) {
      const code =
        error instanceof IdentityFault || error instanceof Denied ? error.message : 'INTERNAL_ERROR';
      this.#surroundings.warn(`${name}: a new hash of a password could not be stored. ${code}`);
    }
  }
}

function lookUpOf({ userName, serverId, protocol }: Login): RecordLookUp {
  return { userName, serverId, protocol };
}

function personOf({ userName }: Login, record: UserRecord, proofs: readonly Proof[]): Person {
  return { subject: userName, userName, attributes: new Map(), groups: [], proofs, record };
}
