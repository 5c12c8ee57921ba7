/** The networks that two lists have in common, for conditions that hold together. */

import { isIPv4 } from 'node:net';
import { IpRange } from '../../policy/ip-range.ts';

/** Bits of an IPv6 address before the IPv4 address that is mapped into it (RFC 4291, section 2.5.5.2). */
const MAPPED_PREFIX_BITS = 96;
const IPV6_BITS = 128;

/** Networks either contain each other or share nothing, so what is common is the narrower one of each pair. */
export function commonNetworks(left: readonly string[], right: readonly string[]): readonly string[] {
  const common = left.flatMap((one) => right.flatMap((other) => narrower(one, other) ?? []));
  return [...new Set(common)];
}

function narrower(one: string, other: string): string | undefined {
  if (isWithin(one, other)) return one;
  return isWithin(other, one) ? other : undefined;
}

/** What cannot be read contains nothing and lies in nothing. */
function isWithin(inner: string, outer: string): boolean {
  const outerRange = IpRange.parse(outer);
  if (outerRange === undefined || IpRange.parse(inner) === undefined) return false;
  return fixedBits(inner) >= fixedBits(outer) && outerRange.contains(addressOf(inner));
}

/** Bits that are fixed, counted as for IPv6: those of IPv4 come after the prefix of mapped addresses. */
function fixedBits(network: string): number {
  const [address = '', bits] = network.split('/');
  const prefixBits = isIPv4(address) ? MAPPED_PREFIX_BITS : 0;
  return bits === undefined ? IPV6_BITS : prefixBits + Number(bits);
}

function addressOf(network: string): string {
  return network.split('/')[0] ?? '';
}
