/** IP addresses and CIDR ranges of both families. */

import { isIPv4, isIPv6 } from 'node:net';

const GROUP_BITS = 16;
/** Groups of 16 bits: two for IPv4, eight for IPv6. */
type Address = readonly number[];

const IPV4_GROUPS = 2;
const IPV6_GROUPS = 8;
/** ::ffff:0:0/96, how a socket for both families shows a client of IPv4 (RFC 4291 §2.5.5.2). */
const MAPPED_PREFIX: Address = [0, 0, 0, 0, 0, 0xffff];

export class IpRange {
  readonly #address: Address;
  readonly #prefixBits: number;

  private constructor(address: Address, prefixBits: number) {
    this.#address = address;
    this.#prefixBits = prefixBits;
  }

  /** An address or a range such as `203.0.113.0/24` or `2001:db8::/32`; undefined when it is neither. */
  static parse(text: string): IpRange | undefined {
    const [addressText = '', prefixText, ...rest] = text.split('/');
    if (rest.length > 0 || addressText.includes('%')) return undefined;
    const address = parseGroups(addressText);
    if (address === undefined) return undefined;
    const addressBits = address.length * GROUP_BITS;
    if (prefixText === undefined) return IpRange.#of(address, addressBits);
    if (!/^(0|[1-9]\d{0,2})$/.test(prefixText)) return undefined;
    const prefixBits = Number(prefixText);
    return prefixBits <= addressBits ? IpRange.#of(address, prefixBits) : undefined;
  }

  static #of(address: Address, prefixBits: number): IpRange {
    const mappedBits = MAPPED_PREFIX.length * GROUP_BITS;
    if (!isMapped(address) || prefixBits < mappedBits) return new IpRange(address, prefixBits);
    return new IpRange(unmapped(address), prefixBits - mappedBits);
  }

  /** A text that is no address is in no range; an address is in no range of the other family. */
  contains(text: string): boolean {
    const address = parseAddress(text);
    if (address === undefined || address.length !== this.#address.length) return false;
    return this.#address.every((group, index) => {
      const bits = Math.min(Math.max(this.#prefixBits - index * GROUP_BITS, 0), GROUP_BITS);
      const shift = GROUP_BITS - bits;
      return group >> shift === (address[index] ?? -1) >> shift;
    });
  }
}

function parseAddress(text: string): Address | undefined {
  const zone = text.indexOf('%');
  const address = parseGroups(zone === -1 ? text : text.slice(0, zone));
  return address !== undefined && isMapped(address) ? unmapped(address) : address;
}

function parseGroups(text: string): Address | undefined {
  if (isIPv4(text)) return ipv4Groups(text);
  return isIPv6(text) ? ipv6Groups(text) : undefined;
}

function ipv4Groups(text: string): Address {
  const [a = 0, b = 0, c = 0, d = 0] = text.split('.').map(Number);
  return [a * 256 + b, c * 256 + d];
}

/** The text was checked to be an address, so `::` stands for whatever is missing. */
function ipv6Groups(text: string): Address {
  const [head = '', tail] = text.split('::');
  const before = groupsOf(head);
  if (tail === undefined) return before;
  const after = groupsOf(tail);
  return [...before, ...new Array<number>(IPV6_GROUPS - before.length - after.length).fill(0), ...after];
}

function groupsOf(text: string): number[] {
  if (text === '') return [];
  return text
    .split(':')
    .flatMap((group) => (group.includes('.') ? ipv4Groups(group) : [Number.parseInt(group, 16)]));
}

function isMapped(address: Address): boolean {
  return address.length === IPV6_GROUPS && MAPPED_PREFIX.every((group, index) => address[index] === group);
}

function unmapped(address: Address): Address {
  return address.slice(-IPV4_GROUPS);
}
