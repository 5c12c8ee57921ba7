/** Judges a login by the rules of a provider, before the provider is asked. */

import { compileWildcard, type TextMatcher } from '../../policy/wildcard.ts';
import { BoundedMatch } from '../bounded-match.ts';
import { Denied } from '../decision.ts';
import type { Login } from '../providers/provider.ts';
import { isUserName } from './event.ts';
import { SourceRule } from './networks.ts';
import type { ProviderRules } from './options.ts';
import { isInWindow } from './time-window.ts';

/** What a login shows before anything is proven. */
export type Approach = Pick<Login, 'userName' | 'protocol' | 'serverId' | 'sourceIp'>;

export class Rules {
  readonly #options: ProviderRules;
  readonly #sources: SourceRule;
  readonly #namePattern: RegExp | undefined;
  readonly #match = new BoundedMatch();
  readonly #isRole: readonly TextMatcher[] | undefined;

  constructor(options: ProviderRules) {
    const { sourceNetworks, deniedNetworks, userName, roles } = options;
    this.#options = options;
    this.#sources = new SourceRule(sourceNetworks, deniedNetworks);
    this.#namePattern =
      userName.pattern === undefined ? undefined : new RegExp(`^(?:${userName.pattern})$`, 'v');
    this.#isRole = roles?.map(roleMatcher);
  }

  /** @throws Denied where the provider is not for this login at this time */
  judge(login: Approach, nowMs: number): void {
    const { disabled, serverIds, protocols, validFrom, validTo, timeWindows } = this.#options;
    if (disabled) throw new Denied('PROVIDER_DISABLED');
    if (serverIds?.includes(login.serverId) === false) throw new Denied('SERVER_REFUSED');
    if (protocols?.includes(login.protocol) === false) throw new Denied('PROTOCOL_REFUSED');
    if (!this.#sources.allows(login.sourceIp)) throw new Denied('SOURCE_REFUSED');
    if (validFrom !== undefined && !(nowMs >= Date.parse(validFrom)))
      throw new Denied('TIME_REFUSED', 'Not yet.');
    if (validTo !== undefined && !(nowMs < Date.parse(validTo)))
      throw new Denied('TIME_REFUSED', 'Not any more.');
    if (timeWindows?.some((window) => isInWindow(window, nowMs)) === false) throw new Denied('TIME_REFUSED');
  }

  /** The name the provider is asked for. @throws Denied NAME_REFUSED, IdentityFault CONFIGURATION_INVALID */
  nameFor(typed: string): string {
    const { lowerCase, stripSuffix } = this.#options.userName;
    const cased = lowerCase ? typed.toLowerCase() : typed;
    const name = withoutSuffix(cased, stripSuffix);
    if (!isUserName(name) || !this.#isOfPattern(name)) throw new Denied('NAME_REFUSED');
    return name;
  }

  /** @throws Denied ROLE_REFUSED */
  judgeRole(role: string): void {
    if (this.#isRole?.some((matches) => matches(role)) === false) throw new Denied('ROLE_REFUSED');
  }

  #isOfPattern(name: string): boolean {
    return this.#namePattern === undefined || this.#match.test(this.#namePattern, name, 'userName.pattern');
  }
}

function withoutSuffix(name: string, suffix: string | undefined): string {
  if (suffix === undefined || !name.toLowerCase().endsWith(suffix.toLowerCase())) return name;
  return name.slice(0, -suffix.length);
}

/** `*` stands for any text; everything else for itself. */
function roleMatcher(text: string): TextMatcher {
  const [first = '', ...others] = text.split('*');
  return compileWildcard([first, ...others.flatMap((part) => [{ kind: 'any-text' } as const, part])]);
}
