/** The `ldap` provider: people of an LDAP directory or of Active Directory. */

import { z } from 'zod';
import { Denied } from '../../decision.ts';
import { Secret } from '../../secret.ts';
import type { Surroundings } from '../../surroundings.ts';
import { splitAppendedCode } from '../appended-code.ts';
import type { Json, Login, Person, PersonProvider, Step } from '../provider.ts';
import { LdapDirectory } from './directory.ts';
import type { LdapOptions } from './options.ts';
import { personOf } from './person.ts';
import { type LdapSettings, settle } from './settings.ts';

const savedState = z.strictObject({ password: z.string().min(1) });

/** Nothing is connected yet. */
export function createLdapProvider(options: LdapOptions, surroundings: Surroundings): PersonProvider {
  return new LdapProvider(settle(options), surroundings);
}

/**
 * With a second factor it is the directory that checks the code, as the end of the password (FreeIPA, JumpCloud, authentik,
 * OpenLDAP's otp overlay): what is typed goes there as a whole.
 */
class LdapProvider implements PersonProvider {
  readonly #settings: LdapSettings;
  readonly #directory: LdapDirectory;

  constructor(settings: LdapSettings, surroundings: Surroundings) {
    this.#settings = settings;
    this.#directory = new LdapDirectory(settings, surroundings);
  }

  async password(login: Login, password: Secret): Promise<Step> {
    const { mfa, plainPassword } = this.#settings;
    if (mfa === 'none') return this.#verify(login, password, ['password']);
    if (mfa === 'prompts' && login.canPrompt) return askForCode(password);
    if (mfa === 'prompts' && plainPassword === 'refuse') throw new Denied('MFA_REQUIRED');
    splitAppendedCode(password, this.#settings);
    return this.#verify(login, password, ['password', 'code']);
  }

  async answers(login: Login, saved: Json, answers: readonly Secret[]): Promise<Step> {
    const state = savedState.safeParse(saved);
    if (!state.success || this.#settings.mfa !== 'prompts') throw new Denied('STATE_INVALID');
    const [answer, ...others] = answers;
    if (answer === undefined || others.length > 0) throw new Denied('STATE_INVALID', 'Not one answer.');
    const code = answer.reveal().trim();
    if (code === '') throw new Denied('CODE_MISSING');
    const whole = new Secret(`${state.data.password}${this.#settings.codeSeparator}${code}`);
    splitAppendedCode(whole, this.#settings);
    return this.#verify(login, whole, ['password', 'code']);
  }

  async lookUp(login: Login): Promise<Person | undefined> {
    const known = await this.#directory.lookUp(login);
    if (known === undefined) return undefined;
    return personOf(known, this.#settings, { userName: login.userName, proofs: [] });
  }

  check(signal: AbortSignal): Promise<void> {
    return this.#directory.check(signal);
  }

  async close(): Promise<void> {
    this.#directory.close();
  }

  async #verify(login: Login, password: Secret, proofs: Person['proofs']): Promise<Step> {
    const known = await this.#directory.authenticate(login, password);
    const person = personOf(known, this.#settings, { userName: login.userName, proofs });
    return { outcome: 'verified', person };
  }
}

/** Before the password is judged: the directory judges both at once, with one attempt. */
function askForCode(password: Secret): Step {
  return {
    outcome: 'asks',
    question: { prompts: [{ text: 'One-time code: ', echo: false }] },
    saved: { password: password.reveal() },
  };
}
