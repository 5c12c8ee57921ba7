/** Logins by the password grant (RFC 6749 section 4.3), with a code in a field of its own where one is required. */

import { genericGrantRequest } from 'openid-client';
import { z } from 'zod';
import { Denied } from '../../decision.ts';
import { Secret } from '../../secret.ts';
import { splitAppendedCode } from '../appended-code.ts';
import { codeIn } from '../one-answer.ts';
import type { Json, Login, Person, PersonProvider, Step } from '../provider.ts';
import { secondFactorOf } from '../second-factor.ts';
import { signInNameOf } from '../sign-in-name.ts';
import { OidcClient } from './client.ts';
import type { OidcOptions } from './options.ts';
import { claimsOf, personOf } from './person.ts';

const savedShape = z.strictObject({ stage: z.literal('code'), password: z.string().min(1) });

export class OidcPassword implements PersonProvider {
  readonly #options: OidcOptions;
  readonly #now: () => number;
  readonly #client: OidcClient;

  constructor(options: OidcOptions, now: () => number) {
    this.#options = options;
    this.#now = now;
    this.#client = new OidcClient(options, now);
  }

  async password(login: Login, typed: Secret): Promise<Step> {
    const secondFactor = secondFactorOf(login, this.#options);
    if (secondFactor === 'none') return this.#grant(login, typed, undefined);
    if (secondFactor === 'prompts') return askForCode(typed);
    const { password, code } = splitAppendedCode(typed, this.#options);
    return this.#grant(login, password, code);
  }

  async answers(login: Login, saved: Json, answers: readonly Secret[]): Promise<Step> {
    const parsed = savedShape.safeParse(saved);
    if (!parsed.success || this.#options.mfa !== 'prompts') throw new Denied('STATE_INVALID');
    return this.#grant(login, new Secret(parsed.data.password), codeIn(answers));
  }

  /** Tokens are given for proofs only: nobody can be looked up. */
  async lookUp(): Promise<Person | undefined> {
    return undefined;
  }

  async check(signal: AbortSignal): Promise<void> {
    await this.#client.metadata(signal);
  }

  async close(): Promise<void> {}

  async #grant(login: Login, password: Secret, code: Secret | undefined): Promise<Step> {
    const { scopes, codeField } = this.#options;
    const form = {
      ...(code === undefined ? {} : { [codeField]: code.reveal() }),
      username: signInNameOf(login.userName, this.#options),
      password: password.reveal(),
      scope: scopes.join(' '),
    };
    const claims = await login.trace.measure(
      'oidc: password grant',
      () =>
        this.#client.ask('password', login.signal, async (configuration) =>
          claimsOf(await genericGrantRequest(configuration, 'password', form), configuration, this.#options),
        ),
      () => 'tokens',
    );
    const person = personOf(claims, login, {
      options: this.#options,
      proofs: code === undefined ? ['password'] : ['password', 'code'],
      nowMs: this.#now(),
    });
    return { outcome: 'verified', person };
  }
}

/** Asked before the password is judged, so that the question comes for wrong passwords and unknown users too. */
function askForCode(password: Secret): Step {
  return {
    outcome: 'asks',
    question: { prompts: [{ text: 'Verification code: ', echo: false }] },
    saved: { stage: 'code', password: password.reveal() },
  };
}
