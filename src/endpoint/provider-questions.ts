/** Asks a server's identity provider about a login and judges what it answers. */

import {
  type Challenged,
  type Decision,
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
  /** What the provider was asked before on this connection: later it may still print what was typed then. */
  #before: IdentityRequest | undefined;

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
    return this.#ask(asking, { ...credentials, interactive: true }, parseIdentityStep);
  }

  async #ask<Judged extends Granted | Challenged | Refused>(
    { userName, signal }: Asking,
    credentials: Credentials & Pick<LoginAttempt, 'interactive'>,
    parse: (answer: unknown, context: ResponseContext) => Judged,
  ): Promise<Judged | Refused> {
    const { provider, serverId, sources } = this.#settings;
    if (!sources.allows(this.#sourceIp)) return refused('SOURCE_REFUSED');
    const prepared = IdentityRequest.from(
      { username: userName, ...credentials, protocol: 'SFTP', serverId, sourceIp: this.#sourceIp },
      this.#before,
    );
    if (prepared.outcome === 'refused') return prepared;
    const { request } = prepared;
    this.#before = request;
    let decision: Decision | undefined;
    const onDecision = (made: Decision) => {
      decision = made;
    };
    try {
      const answer = await provider.authenticate(request, { signal, onDecision });
      const judged = parse(answer, this.#context(request));
      if (judged.outcome === 'granted') this.#warn(judged, userName);
      return judged.outcome === 'refused' ? because(judged, decision) : judged;
    } catch (error) {
      if (error instanceof IdentityError) return because(refused(error.code, error.message), decision);
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

/** The refusal, with what one of our own providers says it was for: `{}` alone says nothing. */
function because(refusal: Refused, decision: Decision | undefined): Refused {
  if (decision === undefined || decision.code === 'GRANTED' || decision.code === 'CHALLENGED') return refusal;
  return { ...refusal, decision };
}
