/** The login of one SFTP connection: from credentials through the identity provider to an opened home. */

import { randomBytes } from 'node:crypto';
import { FileError } from '../files/error.ts';
import type { FileSystem } from '../files/file-system.ts';
import { openHome } from '../files/home.ts';
import type { StorageSession } from '../files/storage.ts';
import { type Grant, type Granted, type Refused, refused } from '../identity/index.ts';
import {
  type AuthAttempt,
  type Authenticator,
  type AuthMethod,
  type AuthorizedKey,
  type AuthVerdict,
  type Certificate,
  type DialogueAttempt,
  fingerprint,
  type KeyAttempt,
  type KeyTerms,
  type LayerRefusal,
  type PublicKey,
} from '../ssh/index.ts';
import type { ActivityFields, ActivityLog } from '../telemetry/activity.ts';
import { errorFields, type Log } from '../telemetry/log.ts';
import { judgeKey, type Listed, readKeyLines } from './listed-key.ts';
import { ProviderDialogue } from './provider-dialogue.ts';
import { ProviderQuestions } from './provider-questions.ts';
import type { ServerSettings } from './server-settings.ts';
import { sessionLimits } from './session-limits.ts';

const SESSION_ID_BYTES = 8;
/** A certificate may call itself anything, also before its authority is known. */
const MAX_LOGGED_ID_CHARACTERS = 256;

/** A proven user with everything a session needs. */
export interface LoggedIn {
  readonly sessionId: string;
  readonly grant: Grant;
  readonly fileSystem: FileSystem;
  readonly method: AuthMethod;
  /** The key that was proven, where one was. */
  readonly key?: ProvenKey;
}

/** A key and, where it was offered in one, its certificate. */
export interface ProvenKey {
  readonly key: PublicKey;
  readonly certificate?: Certificate;
}

export interface LoginOptions {
  readonly settings: ServerSettings;
  readonly sourceIp: string;
  readonly log: Log;
  readonly activities: ActivityLog;
}

const LAYER_REFUSALS: Readonly<Record<LayerRefusal, string>> = {
  METHOD_NOT_OFFERED: 'The server does not offer this method, or not before another one.',
  PASSWORD_EMPTY: 'The password is empty.',
  PASSWORD_NOT_UTF8: 'The client sent the password in another encoding than UTF-8.',
  PASSWORD_CHANGE_UNSUPPORTED: 'The client asked to change the password, which cannot be done here.',
  KEY_UNUSABLE: 'The key or its algorithm is of a kind that is not accepted, or cannot be read.',
  KEY_ALREADY_USED: 'The key has done one step of this login already and cannot do another.',
  CERTIFICATE_INVALID:
    'The certificate may not be used: it is not valid now, not for users, or not signed rightly.',
  PRINCIPAL_MISSING: 'The certificate is not for this user: its principals name others.',
  SOURCE_ADDRESS_REFUSED: 'The key or its certificate may not be used from the address of the client.',
  USER_NOT_PRESENT: 'The security key was not touched, and has to be.',
  USER_NOT_VERIFIED: 'The security key has not verified its user by PIN or fingerprint, and has to.',
  DIALOGUE_ABANDONED: 'The client left the dialogue after it had given answers.',
  DIALOGUE_INVALID: 'The client answered otherwise than it was asked, or the dialogue became too long.',
  SIGNATURE_INVALID: 'The signature is not one of this key over this session.',
  AUTHENTICATOR_FAILED: 'The login could not be judged because of an internal error.',
};

/** With `provider` a password would go around the questions of the provider. */
const PASSWORD_METHODS: Readonly<Record<ServerSettings['prompts'], readonly AuthMethod[]>> = {
  none: ['password'],
  'password-first': ['password', 'keyboard-interactive'],
  provider: ['keyboard-interactive'],
};

/** What the provider's answer to the key look-up says. */
interface KeyLookup {
  readonly outcome: 'granted';
  readonly grant: Grant;
  readonly lines: readonly AuthorizedKey[];
}

/** One for each connection, for one user: the SSH layer never lets the user change. Passwords cannot be changed here. */
export class Login implements Authenticator<LoggedIn> {
  readonly methods: readonly AuthMethod[];
  readonly #options: LoginOptions;
  readonly #questions: ProviderQuestions;
  readonly #sessionId = randomBytes(SESSION_ID_BYTES).toString('hex');
  /** The methods that carry a password. */
  readonly #passwordMethods: readonly AuthMethod[];
  /** Asked for once, however many keys the client's agent offers. */
  #keyLookup: Promise<KeyLookup | Refused> | undefined;
  /** PUBLIC_KEY_AND_PASSWORD: the key that was proven and the role its answer named. */
  #proven: { readonly key: ProvenKey; readonly role: string } | undefined;

  constructor(options: LoginOptions) {
    this.#options = options;
    this.#questions = new ProviderQuestions(options);
    const { authenticationMethods, prompts } = options.settings;
    this.#passwordMethods = PASSWORD_METHODS[prompts];
    this.methods = firstMethods(authenticationMethods, this.#passwordMethods);
  }

  async password(attempt: AuthAttempt & { readonly password: string }): Promise<AuthVerdict<LoggedIn>> {
    if (this.#lacksKey) return { outcome: 'refused', methods: this.methods };
    const answer = await this.#questions.ask(attempt, { password: attempt.password });
    return this.#judgeGrant(attempt, 'password', answer);
  }

  async keyboardInteractive(attempt: DialogueAttempt): Promise<AuthVerdict<LoggedIn>> {
    if (this.#lacksKey) return { outcome: 'refused', methods: this.methods };
    const dialogue = new ProviderDialogue(attempt, this.#questions);
    const isOurs = this.#options.settings.prompts === 'password-first';
    const answer = await (isOurs ? dialogue.withPassword() : dialogue.fromProvider());
    return this.#judgeGrant(attempt, 'keyboard-interactive', answer);
  }

  async acceptsKey(attempt: KeyAttempt): Promise<false | KeyTerms> {
    const judged = await this.#judgeKey(attempt);
    if (judged.outcome === 'listed') return judged.terms;
    this.#recordRefusal(attempt, 'publickey', judged, attempt);
    return false;
  }

  async keyProven(attempt: KeyAttempt): Promise<AuthVerdict<LoggedIn>> {
    const judged = await this.#judgeKey(attempt);
    if (judged.outcome === 'refused') return this.#refuse(attempt, 'publickey', judged, attempt);
    const key = provenKey(attempt);
    if (this.#options.settings.authenticationMethods === 'PUBLIC_KEY_AND_PASSWORD') {
      this.#proven = { key, role: judged.grant.role };
      return { outcome: 'continue', methods: this.#passwordMethods };
    }
    return this.#open(attempt, 'publickey', judged.grant, key);
  }

  refusedByLayer(attempt: AuthAttempt, method: AuthMethod, refusal: LayerRefusal, cause?: unknown): void {
    this.#options.activities.record('AUTH_FAILURE', {
      user: attempt.userName,
      method,
      'source-ip': this.#options.sourceIp,
      code: refusal,
      message: LAYER_REFUSALS[refusal],
      ...(cause === undefined ? {} : { cause: errorFields(cause) }),
    });
  }

  /** Nobody's password is asked about before the key that has to come first. */
  get #lacksKey(): boolean {
    const needsKey = this.#options.settings.authenticationMethods === 'PUBLIC_KEY_AND_PASSWORD';
    return needsKey && this.#proven === undefined;
  }

  #judgeGrant(
    attempt: AuthAttempt,
    method: AuthMethod,
    answer: Granted | Refused,
  ): Promise<AuthVerdict<LoggedIn>> | AuthVerdict<LoggedIn> {
    if (answer.outcome === 'refused') return this.#refuse(attempt, method, answer);
    if (this.#proven !== undefined && this.#proven.role !== answer.grant.role)
      return this.#refuse(attempt, method, refused('ROLES_DIFFER'));
    return this.#open(attempt, method, answer.grant, this.#proven?.key);
  }

  /** The Grant and the terms, if the offered key is one of those that may be used. */
  async #judgeKey(attempt: KeyAttempt): Promise<(Listed & { readonly grant: Grant }) | Refused> {
    this.#keyLookup ??= this.#lookUpKeys(attempt);
    const lookup = await this.#keyLookup;
    if (lookup.outcome === 'refused') return lookup;
    const { trustedAuthorities, revocations } = this.#options.settings;
    const { sourceIp } = this.#options;
    const place = { lines: lookup.lines, trustedAuthorities, revocations, sourceIp, nowMs: Date.now() };
    const judged = judgeKey(attempt, place);
    return judged.outcome === 'refused' ? judged : { ...judged, grant: lookup.grant };
  }

  async #lookUpKeys(attempt: AuthAttempt): Promise<KeyLookup | Refused> {
    const answer = await this.#questions.ask(attempt, {});
    if (answer.outcome === 'refused') return answer;
    const lines = readKeyLines(answer.grant.publicKeys, (error) =>
      this.#options.log.warn(
        { user: attempt.userName, ...errorFields(error) },
        'a public key of the answer is skipped',
      ),
    );
    return { outcome: 'granted', grant: answer.grant, lines };
  }

  async #open(
    attempt: AuthAttempt,
    method: AuthMethod,
    grant: Grant,
    key: ProvenKey | undefined,
  ): Promise<AuthVerdict<LoggedIn>> {
    const { settings, sourceIp } = this.#options;
    const limits = sessionLimits({ grant, settings, sourceIp, sessionId: this.#sessionId });
    if (limits.outcome === 'refused') return this.#refuse(attempt, method, limits, key);
    const session: StorageSession = {
      userName: grant.userName,
      sessionId: this.#sessionId,
      serverId: settings.serverId,
      role: grant.role,
      partialUploads: settings.partialUploads,
      directoryListing: settings.directoryListing,
      signal: attempt.signal,
      ...(grant.posixProfile === undefined ? {} : { posixProfile: grant.posixProfile }),
      ...(limits.sessionPolicy === undefined ? {} : { sessionPolicy: limits.sessionPolicy }),
    };
    try {
      const fileSystem = await openHome(grant.home, settings.storages, session, limits.guard);
      const identity = {
        sessionId: this.#sessionId,
        grant,
        fileSystem,
        method,
        ...(key === undefined ? {} : { key }),
      };
      return { outcome: 'accepted', identity };
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      return this.#refuse(attempt, method, refused('HOME_UNAVAILABLE', error.message), key);
    }
  }

  #refuse(
    attempt: AuthAttempt,
    method: AuthMethod,
    refusal: Refused,
    key?: ProvenKey,
  ): AuthVerdict<LoggedIn> {
    this.#recordRefusal(attempt, method, refusal, key);
    const methods = this.#proven === undefined ? this.methods : this.#passwordMethods;
    return { outcome: 'refused', methods };
  }

  #recordRefusal(attempt: AuthAttempt, method: AuthMethod, refusal: Refused, key?: ProvenKey): void {
    this.#options.activities.record('AUTH_FAILURE', {
      user: attempt.userName,
      method,
      'source-ip': this.#options.sourceIp,
      code: refusal.decision?.code ?? refusal.code,
      message: refusal.decision?.message ?? refusal.reason,
      ...(key === undefined ? {} : keyFields(key)),
    });
  }
}

/** With AND the key comes first. */
function firstMethods(
  setting: ServerSettings['authenticationMethods'],
  passwordMethods: readonly AuthMethod[],
): readonly AuthMethod[] {
  switch (setting) {
    case 'PASSWORD':
      return passwordMethods;
    case 'PUBLIC_KEY_OR_PASSWORD':
      return ['publickey', ...passwordMethods];
    case 'PUBLIC_KEY':
    case 'PUBLIC_KEY_AND_PASSWORD':
      return ['publickey'];
  }
}

function provenKey({ key, certificate }: KeyAttempt): ProvenKey {
  return { key, ...(certificate === undefined ? {} : { certificate }) };
}

/** A key as fields of an activity. */
export function keyFields({ key, certificate }: ProvenKey): ActivityFields {
  return {
    'ssh-public-key-fingerprint': fingerprint(key.blob),
    'ssh-public-key-type': certificate?.type ?? key.type,
    ...(certificate === undefined ? {} : certificateFields(certificate)),
  };
}

function certificateFields({ keyId, serial, authority }: Certificate): ActivityFields {
  return {
    'certificate-id': keyId.slice(0, MAX_LOGGED_ID_CHARACTERS),
    'certificate-serial': String(serial),
    'certificate-authority': fingerprint(authority.blob),
  };
}
