/** Asks a server's identity provider about a login and judges what it answers. */

import {
  type Challenged,
  type Granted,
  IdentityError,
  IdentityRequest,
  type LoginAttempt,
  parseIdentityResponse,
  parseIdentityStep,
  type Refused,
  type ResponseContext,
  refused,
} from '../identity/index.ts';
import type { Log } from '../telemetry/log.ts';
import type { ServerSettings } from './server-settings.ts';

/** What the user gave; nothing at all asks for their keys. */
export type Credentials = Pick<LoginAttempt, 'password' | 'challengeAnswers' | 'state'>;

export interface Asking {
  readonly userName: string;
  readonly signal: AbortSignal;
}

export class ProviderQuestions {
  readonly #settings: ServerSettings;
  readonly #sourceIp: string;
  readonly #log: Log;
  readonly #roles: ReadonlySet<string>;
  readonly #storageNames: ReadonlySet<string>;

  constructor(options: {
    readonly settings: ServerSettings;
    readonly sourceIp: string;
    readonly log: Log;
  }) {
    this.#settings = options.settings;
    this.#sourceIp = options.sourceIp;
    this.#log = options.log;
    this.#roles = new Set(options.settings.roles.keys());
    this.#storageNames = new Set(options.settings.storages.keys());
  }

  /** Asks once. A challenge in answer is a refusal: there is nobody to ask. */
  ask(asking: Asking, credentials: Credentials): Promise<Granted | Refused> {
    return this.#ask(asking, credentials, parseIdentityResponse);
  }

  /** Asks once, in a dialogue with the user. */
  askInDialogue(asking: Asking, credentials: Credentials): Promise<Granted | Challenged | Refused> {
    return this.#ask(asking, credentials, parseIdentityStep);
  }

  async #ask<Judged extends Granted | Challenged | Refused>(
    { userName, signal }: Asking,
    credentials: Credentials,
    parse: (answer: unknown, context: ResponseContext) => Judged,
  ): Promise<Judged | Refused> {
    const { provider, serverId } = this.#settings;
    const prepared = IdentityRequest.from({
      username: userName,
      ...credentials,
      protocol: 'SFTP',
      serverId,
      sourceIp: this.#sourceIp,
    });
    if (prepared.outcome === 'refused') return prepared;
    const { request } = prepared;
    try {
      const judged = parse(await provider.authenticate(request, { signal }), this.#context(request));
      if (judged.outcome === 'granted') this.#warn(judged, userName);
      return judged;
    } catch (error) {
      if (error instanceof IdentityError) return refused(error.code, error.message);
      throw error;
    }
  }

  #context(request: IdentityRequest): ResponseContext {
    return {
      request,
      domain: this.#settings.domain,
      roles: this.#roles,
      storageNames: this.#storageNames,
      areKeysOptional: this.#settings.trustedAuthorities.length > 0,
    };
  }

  #warn({ warnings }: Granted, userName: string): void {
    for (const warning of warnings)
      this.#log.warn(
        { user: userName, warning },
        'the answer of the identity provider is against the contract',
      );
  }
}
