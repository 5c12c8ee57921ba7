/** The login of one SFTP connection: from credentials through the identity provider to an opened home. */

import { randomBytes } from 'node:crypto';
import { FileError } from '../files/error.ts';
import type { FileSystem } from '../files/file-system.ts';
import { openHome } from '../files/home.ts';
import type { Grant } from '../identity/grant.ts';
import { IdentityError } from '../identity/provider.ts';
import { type Refused, refused } from '../identity/refusal.ts';
import { IdentityRequest } from '../identity/request.ts';
import { type Granted, parseIdentityResponse } from '../identity/response.ts';
import {
  type AuthAttempt,
  type Authenticator,
  type AuthMethod,
  type AuthVerdict,
  fingerprint,
  type LayerRefusal,
  type PublicKey,
  PublicKeyError,
  parseAuthorizedKey,
} from '../ssh/index.ts';
import type { ActivityLog } from '../telemetry/activity.ts';
import { errorFields, type Log } from '../telemetry/log.ts';
import type { ServerSettings } from './server-settings.ts';

const SESSION_ID_BYTES = 8;

/** A proven user with everything a session needs. */
export interface LoggedIn {
  readonly sessionId: string;
  readonly grant: Grant;
  readonly fileSystem: FileSystem;
  readonly method: AuthMethod;
  /** The key that was proven, where one was. */
  readonly key?: PublicKey;
}

export interface LoginOptions {
  readonly settings: ServerSettings;
  readonly sourceIp: string;
  readonly log: Log;
  readonly activities: ActivityLog;
}

/** First methods to offer. With AND the key comes first: nobody's password is asked about before a key is proven. */
const FIRST_METHODS: Readonly<Record<ServerSettings['authenticationMethods'], readonly AuthMethod[]>> = {
  PASSWORD: ['password'],
  PUBLIC_KEY: ['publickey'],
  PUBLIC_KEY_OR_PASSWORD: ['publickey', 'password'],
  PUBLIC_KEY_AND_PASSWORD: ['publickey'],
};

const LAYER_REFUSALS: Readonly<Record<LayerRefusal, string>> = {
  METHOD_NOT_OFFERED: 'The server does not offer this method, or not before another one.',
  PASSWORD_EMPTY: 'The password is empty.',
  PASSWORD_NOT_UTF8: 'The client sent the password in another encoding than UTF-8.',
  PASSWORD_CHANGE_UNSUPPORTED: 'The client asked to change the password, which cannot be done here.',
  KEY_UNUSABLE: 'The key or its algorithm is of a kind that is not accepted, or cannot be read.',
  SIGNATURE_INVALID: 'The signature is not one of this key over this session.',
  AUTHENTICATOR_FAILED: 'The login could not be judged because of an internal error.',
};

/** One for each connection, for one user: the SSH layer never lets the user change. */
export class Login implements Authenticator<LoggedIn> {
  readonly methods: readonly AuthMethod[];
  readonly #options: LoginOptions;
  readonly #sessionId = randomBytes(SESSION_ID_BYTES).toString('hex');
  readonly #roles: ReadonlySet<string>;
  readonly #storageNames: ReadonlySet<string>;
  /** The answer to the key look-up: asked for once, however many keys the client's agent offers. */
  #keyLookup: Promise<Granted | Refused> | undefined;
  /** PUBLIC_KEY_AND_PASSWORD: the key that was proven and the role its answer named. */
  #provenKey: { readonly key: PublicKey; readonly role: string } | undefined;

  constructor(options: LoginOptions) {
    this.#options = options;
    this.#roles = new Set(options.settings.roles.keys());
    this.#storageNames = new Set(options.settings.storages.keys());
    this.methods = FIRST_METHODS[options.settings.authenticationMethods];
  }

  async password(attempt: AuthAttempt & { readonly password: string }): Promise<AuthVerdict<LoggedIn>> {
    const needsKey = this.#options.settings.authenticationMethods === 'PUBLIC_KEY_AND_PASSWORD';
    if (needsKey && this.#provenKey === undefined) return { outcome: 'refused', methods: this.methods };
    const answer = await this.#ask(attempt, attempt.password);
    if (answer.outcome === 'refused') return this.#refuse(attempt, 'password', answer);
    const keyRole = this.#provenKey?.role;
    if (keyRole !== undefined && keyRole !== answer.grant.role) {
      return this.#refuse(attempt, 'password', refused('ROLES_DIFFER'));
    }
    return this.#open(attempt, 'password', answer.grant, this.#provenKey?.key);
  }

  async acceptsKey(attempt: AuthAttempt & { readonly key: PublicKey }): Promise<boolean> {
    const answer = await this.#grantForKey(attempt);
    if (answer.outcome === 'granted') return true;
    this.#recordRefusal(attempt, 'publickey', answer, attempt.key);
    return false;
  }

  async keyProven(attempt: AuthAttempt & { readonly key: PublicKey }): Promise<AuthVerdict<LoggedIn>> {
    const answer = await this.#grantForKey(attempt);
    if (answer.outcome === 'refused') return this.#refuse(attempt, 'publickey', answer, attempt.key);
    if (this.#options.settings.authenticationMethods === 'PUBLIC_KEY_AND_PASSWORD') {
      this.#provenKey = { key: attempt.key, role: answer.grant.role };
      return { outcome: 'continue', methods: ['password'] };
    }
    return this.#open(attempt, 'publickey', answer.grant, attempt.key);
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

  /** The Grant, if the offered key is one of those it lists. */
  async #grantForKey(attempt: AuthAttempt & { readonly key: PublicKey }): Promise<Granted | Refused> {
    this.#keyLookup ??= this.#ask(attempt, undefined);
    const answer = await this.#keyLookup;
    if (answer.outcome === 'refused') return answer;
    const isListed = answer.grant.publicKeys.some((line) => this.#isKey(line, attempt.key));
    return isListed ? answer : refused('KEY_NOT_LISTED');
  }

  /** A line that cannot be read is skipped: one broken key of a user does not lock the others out. */
  #isKey(line: string, key: PublicKey): boolean {
    try {
      return parseAuthorizedKey(line).blob.equals(key.blob);
    } catch (error) {
      if (!(error instanceof PublicKeyError)) throw error;
      this.#options.log.warn(errorFields(error), 'a public key of the answer is skipped');
      return false;
    }
  }

  /** Asks the provider, once, and judges its answer. */
  async #ask(attempt: AuthAttempt, password: string | undefined): Promise<Granted | Refused> {
    const { settings, sourceIp, log } = this.#options;
    const prepared = IdentityRequest.from({
      username: attempt.userName,
      ...(password === undefined ? {} : { password }),
      protocol: 'SFTP',
      serverId: settings.serverId,
      sourceIp,
    });
    if (prepared.outcome === 'refused') return prepared;
    const { request } = prepared;
    try {
      const answer = await settings.provider.authenticate(request, { signal: attempt.signal });
      const judged = parseIdentityResponse(answer, {
        request,
        domain: settings.domain,
        roles: this.#roles,
        storageNames: this.#storageNames,
      });
      if (judged.outcome === 'refused') return judged;
      for (const warning of judged.warnings)
        log.warn(
          { user: attempt.userName, warning },
          'the answer of the identity provider is against the contract',
        );
      return this.#withoutPolicies(judged);
    } catch (error) {
      if (error instanceof IdentityError) return refused(error.code, error.message);
      throw error;
    }
  }

  /** Policies cannot be enforced yet; ignoring one would give more than was granted. */
  #withoutPolicies(answer: Granted): Granted | Refused {
    const { role, policy } = answer.grant;
    const hasPolicy = policy !== undefined || this.#options.settings.roles.get(role)?.hasPolicy === true;
    return hasPolicy ? refused('POLICY_NOT_ENFORCED') : answer;
  }

  async #open(
    attempt: AuthAttempt,
    method: AuthMethod,
    grant: Grant,
    key: PublicKey | undefined,
  ): Promise<AuthVerdict<LoggedIn>> {
    try {
      const fileSystem = await openHome(grant.home, this.#options.settings.storages, {
        userName: grant.userName,
        sessionId: this.#sessionId,
        signal: attempt.signal,
        ...(grant.posixProfile === undefined ? {} : { posixProfile: grant.posixProfile }),
      });
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
    key?: PublicKey,
  ): AuthVerdict<LoggedIn> {
    this.#recordRefusal(attempt, method, refusal, key);
    const methods: readonly AuthMethod[] = this.#provenKey === undefined ? this.methods : ['password'];
    return { outcome: 'refused', methods };
  }

  #recordRefusal(attempt: AuthAttempt, method: AuthMethod, refusal: Refused, key?: PublicKey): void {
    this.#options.activities.record('AUTH_FAILURE', {
      user: attempt.userName,
      method,
      'source-ip': this.#options.sourceIp,
      code: refusal.code,
      message: refusal.reason,
      ...(key === undefined ? {} : keyFields(key)),
    });
  }
}

/** A key as fields of an activity. */
export function keyFields(key: PublicKey): {
  readonly 'ssh-public-key-fingerprint': string;
  readonly 'ssh-public-key-type': string;
} {
  return { 'ssh-public-key-fingerprint': fingerprint(key.blob), 'ssh-public-key-type': key.type };
}
