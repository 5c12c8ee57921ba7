/** diffie-hellman-group-exchange-sha256: the client says how large a group it wants (RFC 4419, RFC 8270). */

import type { ByteReader } from '../../wire/byte-reader.ts';
import { ByteWriter } from '../../wire/byte-writer.ts';
import { SshError } from '../error.ts';
import { Message } from '../message.ts';
import type { KexContext, KexRun, KexStep } from './method.ts';
import { GROUP_14, GROUP_15, GROUP_16, GROUP_17, GROUP_18, type ModpGroup } from './modp-group.ts';

/** Smallest first. Below 3072 bits an audit warns: 112 bits of strength. */
const GROUPS = [GROUP_15, GROUP_16, GROUP_17, GROUP_18];

/** What the client asks for, in bits. */
export interface GroupRequest {
  readonly min: number;
  readonly preferred: number;
  readonly max: number;
}

/**
 * The smallest group that is large enough, else the largest one that is allowed (RFC 4419 section 3).
 * @param allowsGroup14 a client that takes no more than 2048 bits gets them
 */
export function chooseGroup(
  { min, preferred, max }: GroupRequest,
  allowsGroup14: boolean,
): ModpGroup | undefined {
  if (min > preferred || preferred > max) return undefined;
  const isAllowed = ({ bits }: ModpGroup): boolean => min <= bits && bits <= max;
  const allowed = GROUPS.filter(isAllowed);
  const chosen = allowed.find(({ bits }) => bits >= preferred) ?? allowed.at(-1);
  if (chosen !== undefined) return chosen;
  return allowsGroup14 && isAllowed(GROUP_14) ? GROUP_14 : undefined;
}

/** A request that was answered with a group. */
interface Answered {
  readonly group: ModpGroup;
  /** The client's three numbers and the group: what the exchange hash has before the public values. */
  readonly hashFields: Buffer;
}

export class GroupExchange implements KexRun {
  readonly #context: KexContext;
  #answered: Answered | undefined;

  constructor(context: KexContext) {
    this.#context = context;
  }

  get expects(): number {
    return this.#answered === undefined ? Message.KEX_GEX_REQUEST : Message.KEX_GEX_INIT;
  }

  receive(message: ByteReader): KexStep | Promise<KexStep> {
    return this.#answered === undefined ? this.#answer(message) : this.#agree(this.#answered, message);
  }

  #answer(message: ByteReader): KexStep {
    const request = { min: message.uint32(), preferred: message.uint32(), max: message.uint32() };
    // Whoever offers group14 by its name has decided that 2048 bits will do.
    const allowsGroup14 = this.#context.offered.some((name) => name.startsWith('diffie-hellman-group14-'));
    const group = chooseGroup(request, allowsGroup14);
    if (group === undefined) {
      throw new SshError('KEX_FAILED', 'there is no Diffie-Hellman group of the size the client asks for');
    }
    const parameters = new ByteWriter(2048).mpint(group.prime).mpint(group.generator).finish();
    const hashFields = new ByteWriter(2048)
      .uint32(request.min)
      .uint32(request.preferred)
      .uint32(request.max)
      .bytes(parameters)
      .finish();
    this.#answered = { group, hashFields };
    const reply = new ByteWriter(2048).uint8(Message.KEX_GEX_GROUP).bytes(parameters).finish();
    return { kind: 'continue', reply };
  }

  async #agree({ group, hashFields }: Answered, message: ByteReader): Promise<KexStep> {
    const clientPublic = message.mpint();
    const { ourPublic, secret } = await group.agree(clientPublic, this.#context);
    return {
      kind: 'agreed',
      replyNumber: Message.KEX_GEX_REPLY,
      publicValue: new ByteWriter(2048).mpint(ourPublic).finish(),
      hashFields: new ByteWriter(4096).bytes(hashFields).mpint(clientPublic).mpint(ourPublic).finish(),
      secret: new ByteWriter(2048).mpint(secret).finish(),
    };
  }
}
