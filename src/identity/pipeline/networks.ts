/** Sets of networks, for lists of addresses that may or may not log in. */

import { IpRange } from '../../policy/ip-range.ts';

/** Whether the text is an address or a network in CIDR notation, IPv4 or IPv6. */
export function isNetwork(text: string): boolean {
  return IpRange.parse(text) !== undefined;
}

/** Networks of both families. IPv4 written as IPv6 is IPv4; `::/0` is every IPv6 address and no IPv4 one. */
export class Networks {
  readonly #ranges: readonly IpRange[];

  /** @throws TypeError where one is not a network: to leave it out would open what it closes, or the reverse */
  constructor(texts: readonly string[]) {
    this.#ranges = texts.map((text) => {
      const range = IpRange.parse(text);
      if (range === undefined) throw new TypeError('not an address and not a network in CIDR notation');
      return range;
    });
  }

  /** False for what is not an address. */
  includes(address: string): boolean {
    return this.#ranges.some((range) => range.contains(address));
  }
}

/** Addresses that may log in: in a network that is allowed, where these are named, and in none that is denied. */
export class SourceRule {
  readonly #allowed: Networks | undefined;
  readonly #denied: Networks | undefined;

  /** A list that is not there says nothing; an empty one is no network. @throws TypeError as `Networks` */
  constructor(allowed: readonly string[] | undefined, denied: readonly string[] | undefined) {
    this.#allowed = allowed === undefined ? undefined : new Networks(allowed);
    this.#denied = denied === undefined ? undefined : new Networks(denied);
  }

  /** An address that is not known is refused by either list that is there. */
  allows(address: string): boolean {
    if (this.#allowed?.includes(address) === false) return false;
    return this.#denied === undefined || (address !== '' && !this.#denied.includes(address));
  }
}
