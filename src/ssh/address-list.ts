/** Lists of addresses and networks that a login may come from: `source-address` of certificates, `from=` of key lines. */

import { BlockList, isIP } from 'node:net';

/** Longest list that is read, in characters. */
const MAX_LIST_CHARACTERS = 4096;
/** RFC 4291 section 2.5.5.2. */
const IPV4_MAPPED = new BlockList();
IPV4_MAPPED.addSubnet('::ffff:0:0', 96, 'ipv6');

/** A list cannot be read. What cannot be judged must not be ignored. */
export class AddressListError extends Error {
  override readonly name = 'AddressListError';
  readonly code = 'ADDRESS_LIST_INVALID';
}

/** One list for each version: the runtime takes IPv4 for a part of `::/0`, which nobody means who writes it. */
interface Networks {
  readonly ipv4: BlockList;
  readonly ipv6: BlockList;
}

export class AddressList {
  readonly #allowed: Networks;
  readonly #denied: Networks;

  /**
   * Reads a comma list of addresses and CIDR networks, as in a certificate. An empty list matches nothing.
   * @throws AddressListError
   */
  static parse(text: string): AddressList {
    return AddressList.#read(text, { mayNegate: false });
  }

  /** The same with `!` before what must not match, as in `from=`. @throws AddressListError for host names and wildcards */
  static parsePatterns(text: string): AddressList {
    return AddressList.#read(text, { mayNegate: true });
  }

  static #read(text: string, { mayNegate }: { readonly mayNegate: boolean }): AddressList {
    if (text.length > MAX_LIST_CHARACTERS) throw new AddressListError('the list of addresses is too long');
    const allowed = { ipv4: new BlockList(), ipv6: new BlockList() };
    const denied = { ipv4: new BlockList(), ipv6: new BlockList() };
    for (const entry of text === '' ? [] : text.split(',')) {
      const isNegated = mayNegate && entry.startsWith('!');
      add(isNegated ? denied : allowed, isNegated ? entry.slice(1) : entry);
    }
    return new AddressList(allowed, denied);
  }

  private constructor(allowed: Networks, denied: Networks) {
    this.#allowed = allowed;
    this.#denied = denied;
  }

  /** Whether a client of this address may come. False for what is no address: nothing is let in by mistake. */
  includes(address: string): boolean {
    const plain = plainAddress(address);
    const version = isIP(plain);
    if (version === 0) return false;
    const family = version === 6 ? 'ipv6' : 'ipv4';
    return this.#allowed[family].check(plain, family) && !this.#denied[family].check(plain, family);
  }
}

function add(lists: Networks, entry: string): void {
  const { address = '', prefix } =
    /^(?<address>[0-9A-Fa-f:.]+)(?:\/(?<prefix>\d{1,3}))?$/.exec(entry)?.groups ?? {};
  const version = isIP(address);
  if (version === 0) throw new AddressListError('an entry is no address and no CIDR network');
  const family = version === 6 ? 'ipv6' : 'ipv4';
  // A client is looked for as IPv4: an entry of this form would never match, nor keep anybody out.
  if (family === 'ipv6' && IPV4_MAPPED.check(address, family))
    throw new AddressListError('an entry is an IPv4 address written as IPv6');
  if (prefix === undefined) return lists[family].addAddress(address, family);
  if (Number(prefix) > (version === 6 ? 128 : 32)) throw new AddressListError('a CIDR prefix is too long');
  lists[family].addSubnet(address, Number(prefix), family);
}

/** Without zone; an IPv4 client of a dual-stack socket as IPv4. */
function plainAddress(address: string): string {
  const [withoutZone = ''] = address.split('%', 1);
  return /^::ffff:(?<v4>\d+\.\d+\.\d+\.\d+)$/i.exec(withoutZone)?.groups?.v4 ?? withoutZone;
}
