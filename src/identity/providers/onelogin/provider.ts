/** The `onelogin` provider: password by the Authentication API, then the second factor that the configuration asks for. */

import { Denied, IdentityFault } from '../../decision.ts';
import type { Secret } from '../../secret.ts';
import type { Surroundings } from '../../surroundings.ts';
import { splitAppendedCode } from '../appended-code.ts';
import type { Json, Login, Person, PersonProvider, Step } from '../provider.ts';
import { secondFactorOf } from '../second-factor.ts';
import { signInNameOf } from '../sign-in-name.ts';
import { OneLoginAccount } from './account.ts';
import type { OneLoginAnswer } from './answer.ts';
import { deviceForCode } from './devices.ts';
import { Dialogue, type Next, proven, withoutDevice } from './dialogue.ts';
import type { OneLoginOptions } from './options.ts';
import { People } from './people.ts';

export function createOneLoginProvider(options: OneLoginOptions, { now }: Surroundings): PersonProvider {
  const account = new OneLoginAccount(options, now);
  return new OneLogin(options, account, now);
}

class OneLogin implements PersonProvider {
  readonly #options: OneLoginOptions;
  readonly #account: OneLoginAccount;
  readonly #people: People;
  readonly #dialogue: Dialogue;

  constructor(options: OneLoginOptions, account: OneLoginAccount, now: () => number) {
    this.#options = options;
    this.#account = account;
    this.#people = new People(account, options);
    this.#dialogue = new Dialogue({ account, options, now });
  }

  async password(login: Login, typed: Secret): Promise<Step> {
    switch (secondFactorOf(login, this.#options)) {
      case 'none':
        return this.#passwordAlone(login, typed);
      case 'appended':
        return this.#passwordWithCode(login, typed);
      case 'prompts':
        return this.#verified(
          login,
          await this.#dialogue.begin(login, requireAskedFor(await this.#logIn(login, typed))),
        );
    }
  }

  async answers(login: Login, saved: Json, answers: readonly Secret[]): Promise<Step> {
    return this.#verified(login, await this.#dialogue.goOn(login, saved, answers));
  }

  lookUp(login: Login): Promise<Person | undefined> {
    return this.#people.find(login);
  }

  check(signal: AbortSignal): Promise<void> {
    return this.#account.check(signal);
  }

  async close(): Promise<void> {}

  async #passwordAlone(login: Login, password: Secret): Promise<Step> {
    const answer = await this.#logIn(login, password);
    if (answer.outcome === 'mfa-required')
      throw new Denied('MFA_REQUIRED', 'OneLogin asks for a second factor, and `mfa` is `none`.');
    if (answer.outcome !== 'authenticated')
      throw new IdentityFault('UPSTREAM_ANSWER_INVALID', 'OneLogin: no login.');
    return { outcome: 'verified', person: await this.#people.proven(login, answer.user, ['password']) };
  }

  async #passwordWithCode(login: Login, typed: Secret): Promise<Step> {
    const { password, code } = splitAppendedCode(typed, this.#options);
    const { stateToken, devices, user } = requireAskedFor(await this.#logIn(login, password));
    const device = deviceForCode(devices, this.#options.deviceOrder);
    if (device === undefined) throw withoutDevice(devices);
    const factor = { stateToken, deviceId: device.id, judged: 'code', code } as const;
    const answer = await this.#account.verifyFactor(login, factor);
    return this.#verified(login, proven({ userId: user.id }, answer, 'code'));
  }

  #logIn(login: Login, password: Secret): Promise<OneLoginAnswer> {
    return this.#account.logIn(login, signInNameOf(login.userName, this.#options), password);
  }

  async #verified(login: Login, next: Next): Promise<Step> {
    if (next.outcome === 'asks') return next;
    const person = await this.#people.proven(login, next.user, ['password', next.proof]);
    return { outcome: 'verified', person };
  }
}

/**
 * What was typed as a code proves nothing where OneLogin did not ask for a second factor.
 * @throws Denied MFA_REQUIRED
 */
function requireAskedFor(answer: OneLoginAnswer): Extract<OneLoginAnswer, { outcome: 'mfa-required' }> {
  if (answer.outcome === 'mfa-required') return answer;
  if (answer.outcome === 'authenticated')
    throw new Denied(
      'MFA_REQUIRED',
      'OneLogin lets the user in without one: its policy does not ask for it.',
    );
  throw new IdentityFault('UPSTREAM_ANSWER_INVALID', 'OneLogin: no login.');
}
